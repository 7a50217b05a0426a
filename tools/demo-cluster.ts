import { access } from "node:fs/promises";
import { resolve } from "node:path";
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
