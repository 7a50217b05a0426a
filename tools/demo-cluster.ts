import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { ensureCommandLineBinaries } from "./binaries.js";
import { startNamedControlPlane } from "./named-control-plane.js";
import { type Progress, stderrProgress } from "./progress.js";

/** The cluster that the demo runs against. */
export interface DemoCluster {
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  readonly helmPath: string;
  /** True for a cluster of the person's own, which the demo must not stop. */
  readonly external: boolean;
}

/**
 * The cluster of the kubeconfig file that `DEMO_KUBECONFIG` names, else the control plane called `demo`, which is
 * started when it does not run. Throws when the file cannot be read or a program is missing.
 */
export async function resolveDemoCluster(progress: Progress = stderrProgress): Promise<DemoCluster> {
  const kubeconfig = process.env.DEMO_KUBECONFIG;
  if (kubeconfig) {
    await access(kubeconfig).catch(() => {
      throw new Error(
        `DEMO_KUBECONFIG names ${kubeconfig}, which cannot be read: set it to a kubeconfig file or unset it`,
      );
    });
    const { kubectl, helm } = await ensureCommandLineBinaries(progress);
    return { kubeconfigPath: resolve(kubeconfig), kubectlPath: kubectl, helmPath: helm, external: true };
  }
  const { kubeconfigPath, kubectlPath, helmPath } = await startNamedControlPlane("demo", { progress });
  return { kubeconfigPath, kubectlPath, helmPath, external: false };
}
