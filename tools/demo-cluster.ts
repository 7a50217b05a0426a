import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "../src/base/errors.js";
import { loadClusterAccess } from "../src/kube/client/auth.js";
import { KubeClient } from "../src/kube/client/kube-client.js";
import { ensureCommandLineBinaries } from "./binaries.js";
import { startControlPlane } from "./control-plane.js";
import { type Progress, stderrProgress } from "./progress.js";

/** The cluster that the demo runs against. */
export interface DemoCluster {
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  /** Where its components log; undefined for a cluster of the person's own. */
  readonly logFolder: string | undefined;
  /** Ends it; a cluster of the person's own stays as it is. */
  stop(): Promise<void>;
}

/**
 * The cluster of the kubeconfig file that `DEMO_KUBECONFIG` names, else a control plane that is started for this demo
 * alone and ends with this process, however that ends. Throws when the file cannot be read or a program is missing.
 */
export async function resolveDemoCluster(
  progress: Progress = stderrProgress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<DemoCluster> {
  const kubeconfig = env.DEMO_KUBECONFIG;
  if (kubeconfig) {
    await access(kubeconfig).catch(() => {
      throw new Error(
        `DEMO_KUBECONFIG names ${kubeconfig}, which cannot be read: set it to a kubeconfig file or unset it`,
      );
    });
    await checkAnswers(kubeconfig);
    const { kubectl } = await ensureCommandLineBinaries(progress);
    return {
      kubeconfigPath: resolve(kubeconfig),
      kubectlPath: kubectl,
      logFolder: undefined,
      stop: async () => {},
    };
  }
  const controlPlane = await startControlPlane({ progress });
  return {
    kubeconfigPath: controlPlane.kubeconfigPath,
    kubectlPath: controlPlane.kubectlPath,
    logFolder: controlPlane.dir,
    stop: () => controlPlane.stop(),
  };
}

/** How long a cluster may take to answer before the demo gives up. */
const ANSWER_MS = 4_000;

/** Throws when the cluster of a kubeconfig does not answer, or does not accept its credential, within some seconds. */
async function checkAnswers(kubeconfig: string): Promise<void> {
  const client = new KubeClient({ access: await loadClusterAccess({ kubeconfig }), userAgent: "overseer-demo" });
  const { server } = client;
  try {
    await client.request({ method: "GET", path: "/api/v1/namespaces/default", signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const why = timedOut ? `no answer within ${ANSWER_MS / 1000} s` : messageOf(error);
    throw new Error(
      `the cluster of DEMO_KUBECONFIG (${server}) cannot be used: ${why}; start it, correct the file, or unset DEMO_KUBECONFIG`,
    );
  } finally {
    await client.close();
  }
}
