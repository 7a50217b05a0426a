import type { ControlPlane } from "./control-plane.js";
import { ADMIN_USER, writeKubeconfig } from "./control-plane-credentials.js";
import { layoutFiles } from "./control-plane-flags.js";
import { type ControlPlaneState, isHealthy, readState } from "./control-plane-state.js";

/**
 * Attaches to a control plane that another process started and recorded at `statePath`. Its `stop` does nothing, and its
 * API server cannot be stopped separately. Throws if the file does not exist or a component has exited.
 */
export async function attachControlPlane(statePath: string): Promise<ControlPlane> {
  const state = await readState(statePath);
  if (state === undefined) throw new Error(`no control plane is recorded at ${statePath}`);
  if (!isHealthy(state)) throw new Error(`the control plane recorded at ${statePath} has exited: start it again`);
  return attached(state);
}

function attached(state: ControlPlaneState): ControlPlane {
  const { dir, url, caPem, tokens, binaries, processes } = state;
  const refuse = async () => {
    throw new Error("cannot stop the API server of an attached control plane: start a separate control plane");
  };
  return {
    dir,
    url,
    caPem,
    tokens,
    adminToken: tokens[ADMIN_USER.name] ?? "",
    kubeconfigPath: layoutFiles(dir).kubeconfig(ADMIN_USER.name),
    kubectlPath: binaries.kubectl,
    helmPath: binaries.helm,
    pids: Object.fromEntries(Object.entries(processes).map(([name, { pid }]) => [name, pid])),
    apiServer: { pid: processes["kube-apiserver"]?.pid, stop: refuse, start: refuse },
    store: { backUp: refuse, restore: refuse },
    writeKubeconfigFor: async (user) => {
      const token = tokens[user];
      if (token === undefined) throw new Error(`the attached control plane has no user ${user}`);
      const path = layoutFiles(dir).kubeconfig(user);
      await writeKubeconfig(path, { url, caPem, user, token });
      return path;
    },
    state: () => state,
    detach: async () => {},
    stop: async () => {},
  };
}
