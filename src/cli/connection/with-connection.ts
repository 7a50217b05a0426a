import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import type { ClusterFlags } from "../flags.js";
import type { Connection } from "./connection.js";

/** Runs a command with a connection, which is closed at its end: to the REST API with --server, else to the cluster of the kubeconfig. */
export async function withConnection(
  flags: ClusterFlags,
  work: (connection: Connection) => Promise<ExitCode>,
): Promise<ExitCode> {
  const connection = await open(flags);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function open(flags: ClusterFlags): Promise<Connection> {
  const server = flags.server ?? (await onlyLogin(flags));
  if (server === undefined) {
    const { connect } = await import("../cluster/connect.js");
    return connect(flags);
  }
  const other = (["context", "kubeconfig", "as", "asGroup"] as const).find((name) => flags[name] !== undefined);
  if (other !== undefined)
    throw new CommandError(
      `--server cannot be combined with --${other === "asGroup" ? "as-group" : other}: the server has no kubeconfig, and acts as the user of its token`,
      EXIT.usage,
    );
  const { connectServer } = await import("../server/connect-server.js");
  return connectServer(server, flags);
}

/** Returns the only server that the user has signed in to, if there is no cluster configuration at all. */
export async function onlyLogin(
  flags: Pick<ClusterFlags, "context" | "kubeconfig" | "as">,
): Promise<string | undefined> {
  if (flags.context !== undefined || flags.kubeconfig !== undefined || flags.as !== undefined) return undefined;
  if (process.env.KUBERNETES_SERVICE_HOST !== undefined || process.env.KUBECONFIG !== undefined) return undefined;
  const { kubeconfigs } = await import("../cluster/connect.js");
  if (kubeconfigs({}, process.env).length > 0) return undefined;
  const { LoginStore } = await import("../login/store.js");
  const servers = await new LoginStore(process.env).servers();
  return servers.length === 1 ? servers[0] : undefined;
}
