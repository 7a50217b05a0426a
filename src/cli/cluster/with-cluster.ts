import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import type { ClusterFlags } from "../flags.js";
import type { Cluster } from "./cluster.js";
import { connect } from "./connect.js";

/** Runs a command with a connection, which is closed at its end. */
export async function withCluster(
  flags: ClusterFlags,
  work: (cluster: Cluster) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (flags.server !== undefined)
    throw new CommandError(
      "this command needs the cluster itself, which --server does not give: omit --server, unset OVERSEER_SERVER, and use a kubeconfig",
      EXIT.usage,
    );
  const cluster = await connect(flags);
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}
