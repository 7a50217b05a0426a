import type { Command } from "commander";
import { parseDuration } from "../../../base/duration.js";
import type { RawObject } from "../../../kube/object.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT } from "../../exit-codes.js";
import type { ClusterFlags } from "../../flags.js";
import { print } from "../../terminal.js";
import { type Candidate, complete, formatCandidates, type Lookup, matching } from "./complete.js";

/** How long the names of objects may take: a person waits. */
const LIMIT_MS = 1000;

/** Prints what may follow on a command line. Silent about every error: it would appear in the middle of the line. */
export async function runComplete(program: Command, words: readonly string[]): Promise<void> {
  const { candidates, lookup, files } = complete(program, words);
  const found = lookup === undefined ? [] : await look(lookup, words).catch(() => []);
  print(formatCandidates([...candidates, ...matching(found, words.at(-1) ?? "")], files));
}

async function look(lookup: Lookup, words: readonly string[]): Promise<readonly Candidate[]> {
  const value = (long: string, short?: string): string | undefined => {
    const at = words.findIndex((word) => word === long || word === short);
    return at >= 0 ? words[at + 1] : words.find((word) => word.startsWith(`${long}=`))?.slice(long.length + 1);
  };
  if (lookup.of === "contexts") return contexts(value("--kubeconfig"));
  const { OVERSEER_NAMESPACE, OVERSEER_CONTEXT, OVERSEER_KUBECONFIG, OVERSEER_SERVER, OVERSEER_REQUEST_TIMEOUT } =
    process.env;
  const server = value("--server") ?? OVERSEER_SERVER;
  const namespace = value("--namespace", "-n") ?? OVERSEER_NAMESPACE;
  const context = value("--context") ?? OVERSEER_CONTEXT;
  const kubeconfig = value("--kubeconfig") ?? OVERSEER_KUBECONFIG;
  const flags: ClusterFlags = {
    requestTimeout: parseDuration(OVERSEER_REQUEST_TIMEOUT ?? "") ?? LIMIT_MS,
    ...(namespace === undefined ? {} : { namespace }),
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(server === undefined ? {} : { server }),
  };
  let found: readonly Candidate[] = [];
  if (lookup.of === "namespaces")
    await withCluster(flags, async (cluster) => {
      found = candidates(await cluster.request({ method: "GET", path: "/api/v1/namespaces", query: { limit: "500" } }));
      return EXIT.done;
    });
  else
    await withConnection(flags, async (connection) => {
      found = candidates(await connection.list(lookup.kind, { namespace: connection.namespace, limit: 500 }));
      return EXIT.done;
    });
  return found;
}

function candidates({ items }: { readonly items: readonly RawObject[] }): readonly Candidate[] {
  return items.map((object) => {
    const { message } = (object.status ?? {}) as { message?: string };
    return { value: object.metadata.name, ...(message === undefined ? {} : { description: message.slice(0, 60) }) };
  });
}

async function contexts(kubeconfig: string | undefined): Promise<readonly Candidate[]> {
  const [{ contextNames }, { kubeconfigs }] = await Promise.all([
    import("../../cluster/kubeconfig-context.js"),
    import("../../cluster/connect.js"),
  ]);
  const files = kubeconfigs(kubeconfig === undefined ? {} : { kubeconfig }, process.env);
  return (await contextNames(files)).map((value) => ({ value }));
}
