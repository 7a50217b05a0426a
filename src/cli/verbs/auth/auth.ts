import { GROUP } from "../../../api/group.js";
import { nearest } from "../../../config/nearest.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { appTarget } from "../../connection/apps.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { formatValue } from "../../output/objects.js";
import { formatFields, formatTable } from "../../output/table.js";
import { print } from "../../terminal.js";
import { type Binding, type Role, subjectsWithAll } from "./subjects.js";

/** One permission of RBAC. */
interface Permission {
  readonly verb: string;
  readonly resource: string;
  /** The permission is for the app that is named. */
  readonly named: boolean;
}

/** What an action of the command line needs. */
export const ACTIONS: Readonly<Record<string, readonly Permission[]>> = {
  get: [{ verb: "get", resource: "overseerapps", named: true }],
  sync: [
    { verb: "sync", resource: "overseerapps", named: true },
    { verb: "create", resource: "changes", named: false },
  ],
  rollback: [
    { verb: "rollback", resource: "overseerapps", named: true },
    { verb: "create", resource: "changes", named: false },
  ],
  promote: [
    { verb: "promote", resource: "overseerapps", named: true },
    { verb: "create", resource: "changes", named: false },
  ],
  approve: [
    { verb: "approve", resource: "overseerapps", named: true },
    { verb: "create", resource: "approvals", named: false },
  ],
  reject: [
    { verb: "approve", resource: "overseerapps", named: true },
    { verb: "create", resource: "approvals", named: false },
  ],
  "break-glass": [
    { verb: "break-glass", resource: "overseerapps", named: true },
    { verb: "create", resource: "approvals", named: false },
  ],
  refresh: [
    { verb: "patch", resource: "overseerapps", named: true },
    { verb: "patch", resource: "gitrepositories", named: false },
  ],
  suspend: [{ verb: "patch", resource: "overseerapps", named: true }],
  edit: [{ verb: "update", resource: "overseerapps", named: true }],
  delete: [{ verb: "delete", resource: "overseerapps", named: true }],
};

/** Runs `overseer auth whoami`. */
export function whoami(flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const identity = await connection.whoAmI();
    const { output } = flags;
    const value = {
      username: identity.username,
      groups: identity.groups,
      context: connection.place.context,
      server: connection.place.server,
    };
    if (output === "json" || output === "yaml") print(await formatValue(JSON.parse(JSON.stringify(value)), output));
    else if (output === "name") print(`${identity.username}\n`);
    else
      print(
        formatFields([
          ["User", value.username],
          ["Groups", value.groups.join(", ")],
          ["Context", value.context],
          ["Server", value.server],
        ]),
      );
    return EXIT.done;
  });
}

/** Runs `overseer auth can-i`: exit code 1 if not. */
export function canI(action: string, name: string | undefined, flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  const needed = permissionsOf(action);
  return withConnection(flags, async (connection) => {
    const target = name === undefined ? undefined : appTarget(name);
    const namespace = target === undefined ? connection.namespace : connection.namespaceOf(target);
    const answers = await Promise.all(
      needed.map(async (permission) => ({
        ...permission,
        allowed: await connection.isAllowed({
          ...{ verb: permission.verb, resource: permission.resource, namespace },
          ...(permission.named ? { name: target?.name } : {}),
        }),
      })),
    );
    const missing = answers.filter(({ allowed }) => !allowed);
    const { output } = flags;
    if (output === "json" || output === "yaml")
      print(
        await formatValue(
          {
            action,
            namespace,
            ...(target === undefined ? {} : { app: target.name }),
            allowed: missing.length === 0,
            permissions: answers.map(({ verb, resource, allowed }) => ({ verb, resource, allowed })),
          },
          output,
        ),
      );
    else
      print(
        missing.length === 0
          ? "yes\n"
          : `no: missing ${missing.map(({ verb, resource }) => `${verb} of ${resource}.${GROUP}`).join(" and ")} in namespace ${namespace}\n`,
      );
    return missing.length === 0 ? EXIT.done : EXIT.failed;
  });
}

/** Runs `overseer auth who-can`: the subjects whose roles permit an action. Reads RBAC with the rights of the user. */
export function whoCan(action: string, name: string | undefined, flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  const needed = permissionsOf(action);
  return withCluster(flags, async (cluster) => {
    const target = name === undefined ? undefined : appTarget(name);
    const namespace = target === undefined ? cluster.namespace : cluster.namespaceOf(target);
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const list = async <T>(path: string): Promise<readonly T[]> =>
      (await cluster.request<{ items: T[] }>({ method: "GET", path: `${rbac}/${path}` })).items;
    const [clusterRoles, roles, clusterBindings, bindings] = await Promise.all([
      list<Role>("clusterroles"),
      list<Role>(`namespaces/${encodeURIComponent(namespace)}/roles`),
      list<Binding>("clusterrolebindings"),
      list<Binding>(`namespaces/${encodeURIComponent(namespace)}/rolebindings`),
    ]);
    const accesses = needed.map(({ verb, resource, named }) => ({
      ...{ group: GROUP, resource, verb },
      name: named ? target?.name : undefined,
    }));
    const subjects = subjectsWithAll(accesses, { clusterRoles, roles, clusterBindings, bindings });
    const { output } = flags;
    if (output === "json" || output === "yaml") print(await formatValue({ action, namespace, subjects }, output));
    else if (output === "name") print(subjects.map(({ kind, name: subject }) => `${kind}/${subject}\n`).join(""));
    else
      print(
        formatTable(
          ["Kind", "Name", "By"],
          subjects.map(({ kind, name: subject, by }) => [kind, subject, by]),
        ),
      );
    return subjects.length === 0 ? EXIT.failed : EXIT.done;
  });
}

function permissionsOf(action: string): readonly Permission[] {
  const known = ACTIONS[action];
  if (known !== undefined && Object.hasOwn(ACTIONS, action)) return known;
  const names = Object.keys(ACTIONS);
  const close = nearest(action, names);
  throw new UsageError(
    `there is no action ${JSON.stringify(action)}: ${close === undefined ? `actions are ${names.join(", ")}` : `did you mean ${JSON.stringify(close)}?`}`,
  );
}
