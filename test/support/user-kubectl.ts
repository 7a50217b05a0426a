import { ensureControlPlaneBinaries } from "../../tools/binaries.js";
import { CommandError, runCommand } from "../../tools/run-command.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { World } from "./world.js";

const RBAC = "rbac.authorization.k8s.io";

/** Somebody with a user name and kubectl, in the namespace of a test. */
export interface KubectlUser {
  readonly name: string;
  /** What kubectl prints, on success and on failure. `input` is its standard input. */
  kubectl(args: readonly string[], input?: object): Promise<string>;
}

/** A user who is bound to these ClusterRoles in the namespace, and a member of these groups. */
export async function kubectlUser(
  world: World,
  name: string,
  roles: readonly string[],
  groups: readonly string[] = [],
): Promise<KubectlUser> {
  const { namespace, kube, controlPlane } = world;
  for (const role of roles)
    await kube.apply({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name: `${name}-${role}`, namespace },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
      subjects: [{ kind: "User", name, apiGroup: RBAC }],
    });
  const { kubectl } = await ensureControlPlaneBinaries();
  return {
    name,
    kubectl: async (args, input) => {
      const as = ["--as", name, ...groups.flatMap((group) => ["--as-group", group])];
      const flags = ["--kubeconfig", controlPlane.kubeconfigPath, ...as, "--namespace", namespace, ...args];
      try {
        return await runCommand(kubectl, flags, input === undefined ? {} : { input: JSON.stringify(input) });
      } catch (error) {
        if (error instanceof CommandError) return error.output;
        throw error;
      }
    },
  };
}

/** Waits until a command of a user prints a text: rights and policies take effect a moment after they are written. */
export async function untilPrints(
  user: KubectlUser,
  text: string,
  args: readonly string[],
  input?: object,
): Promise<string> {
  return waitUntil(
    { what: `kubectl ${args.join(" ")} of ${user.name} prints ${text}`, timeoutMs: 60_000, intervalMs: 100 },
    async () => {
      const printed = await user.kubectl(args, input);
      if (printed.includes(text)) return printed;
      throw new Error(printed);
    },
  );
}
