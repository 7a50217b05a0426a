import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type ClusterAccess, loadClusterAccess } from "../../kube/client/auth.js";
import { KubeClient } from "../../kube/client/kube-client.js";
import { VERSION } from "../../version.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { ClusterFlags } from "../flags.js";
import { ClusterConnection } from "./cluster-connection.js";
import { readContext } from "./kubeconfig-context.js";

/**
 * Connects to the cluster of the kubeconfig, or of this pod. No request is sent.
 *
 * @throws CommandError if there is no configuration.
 */
export async function connect(flags: ClusterFlags): Promise<ClusterConnection> {
  const files = kubeconfigs(flags, process.env);
  const { KUBERNETES_SERVICE_HOST: serviceHost, KUBERNETES_SERVICE_PORT: servicePort } = process.env;
  if (files.length === 0) {
    if (serviceHost === undefined)
      throw new CommandError(
        "no cluster configuration: there is no ~/.kube/config, and neither --kubeconfig nor KUBECONFIG is set",
        EXIT.noConnection,
      );
    const access = await loadClusterAccess({ serviceHost, ...(servicePort === undefined ? {} : { servicePort }) });
    return cluster(asUser(access, flags), flags, { namespace: "default", context: undefined });
  }
  const context = await readContext(files, flags.context);
  const access = await loadClusterAccess({ kubeconfig: files.join(":"), context: context.name });
  return cluster(asUser(access, flags), flags, { namespace: context.namespace ?? "default", context: context.name });
}

function cluster(
  access: ClusterAccess,
  flags: ClusterFlags,
  place: { readonly namespace: string; readonly context: string | undefined },
): ClusterConnection {
  const client = new KubeClient({ access, userAgent: `overseer/${VERSION}`, connections: 8 });
  return new ClusterConnection({
    client,
    namespace: flags.namespace ?? place.namespace,
    context: place.context,
    requestTimeoutMs: flags.requestTimeout,
  });
}

/** Files that are read, in the order of kubectl: the flag, KUBECONFIG with its missing files skipped, the default. */
export function kubeconfigs(
  { kubeconfig }: Pick<ClusterFlags, "kubeconfig">,
  env: NodeJS.ProcessEnv,
): readonly string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  const present = (listed.length > 0 ? listed : [join(homedir(), ".kube", "config")]).filter((file) =>
    existsSync(file),
  );
  if (listed.length > 0 && present.length === 0)
    throw new CommandError(`no kubeconfig of KUBECONFIG exists: ${listed.join(", ")}`, EXIT.noConnection);
  return present;
}

/** The access with the token of a flag, and as the user and groups of flags. */
function asUser(access: ClusterAccess, { token, as, asGroup = [] }: ClusterFlags): ClusterAccess {
  if (asGroup.length > 0 && as === undefined)
    throw new CommandError("--as-group requires --as: set the user to impersonate as well", EXIT.usage);
  if (token === undefined && as === undefined) return access;
  const impersonation = {
    ...(as === undefined ? {} : { "impersonate-user": as }),
    ...(asGroup.length === 0 ? {} : { "impersonate-group": [...asGroup] }),
  };
  const { renewTls } = access;
  return {
    server: access.server,
    get tls() {
      if (token === undefined) return access.tls;
      // A client certificate would win over the token.
      const { cert: _, key: __, ...rest } = access.tls;
      return rest;
    },
    signIn: token === undefined ? (access.signIn ?? "the credential of the kubeconfig") : "the token of --token",
    authHeaders: async (refresh) => ({
      // The user and groups of the kubeconfig stay impersonated, as with kubectl.
      ...(await access.authHeaders(refresh && token === undefined)),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...impersonation,
    }),
    ...(renewTls === undefined ? {} : { renewTls: () => renewTls.call(access) }),
  };
}
