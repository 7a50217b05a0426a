import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "../src/base/errors.js";
import { loadClusterAccess } from "../src/kube/client/auth.js";
import { KubeClient } from "../src/kube/client/kube-client.js";
import { ensureCommandLineBinaries } from "./binaries.js";
import { startControlPlane } from "./control-plane.js";
import { SAMPLE_USERS } from "./control-plane-credentials.js";
import { type Progress, stderrProgress } from "./progress.js";

/** Cluster of the demo. */
export interface DemoCluster {
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  /** Directory with the logs of its components; undefined for the user's own cluster. */
  readonly logFolder: string | undefined;
  /** Returns the token of a user of the throwaway cluster; unset for the user's own cluster. */
  readonly tokenOf?: (user: string) => string | undefined;
  /** Stops it; does nothing for the user's own cluster. */
  stop(): Promise<void>;
}

/**
 * Returns the cluster of the kubeconfig in `DEMO_KUBECONFIG`; if unset, starts a control plane for this demo, which stops
 * when this process exits. Throws if the file cannot be read or a program is missing.
 */
export async function resolveDemoCluster(
  progress: Progress = stderrProgress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<DemoCluster> {
  const kubeconfig = env.DEMO_KUBECONFIG;
  if (kubeconfig) {
    await access(kubeconfig).catch(() => {
      throw new Error(`cannot read ${kubeconfig}: set DEMO_KUBECONFIG to a kubeconfig file, or unset it`);
    });
    await checkConnection(kubeconfig);
    const { kubectl } = await ensureCommandLineBinaries(progress);
    return {
      kubeconfigPath: resolve(kubeconfig),
      kubectlPath: kubectl,
      logFolder: undefined,
      stop: async () => {},
    };
  }
  const controlPlane = await startControlPlane({ progress, users: SAMPLE_USERS });
  return {
    kubeconfigPath: controlPlane.kubeconfigPath,
    kubectlPath: controlPlane.kubectlPath,
    logFolder: controlPlane.dir,
    tokenOf: (user) => controlPlane.tokens[user],
    stop: () => controlPlane.stop(),
  };
}

/** Timeout of the connection check. */
const RESPONSE_TIMEOUT_MS = 4_000;

/** Throws if the cluster of a kubeconfig does not respond in time or rejects its credentials. */
async function checkConnection(kubeconfig: string): Promise<void> {
  const client = new KubeClient({ access: await loadClusterAccess({ kubeconfig }), userAgent: "overseer-demo" });
  const { server } = client;
  try {
    await client.request({
      method: "GET",
      path: "/api/v1/namespaces/default",
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const reason = timedOut ? `no response within ${RESPONSE_TIMEOUT_MS / 1000} s` : messageOf(error);
    throw new Error(
      `the cluster of DEMO_KUBECONFIG (${server}) is not usable: ${reason}; start the cluster, correct the file, or unset DEMO_KUBECONFIG`,
    );
  } finally {
    await client.close();
  }
}
