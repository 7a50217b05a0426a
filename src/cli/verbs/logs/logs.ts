import { messageOf } from "../../../base/errors.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { splitLines } from "../../../kube/watch/watch-lines.js";
import { type AppObject, objectsOf } from "../../cluster/app-objects.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { appTarget, shownName } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags } from "../../flags.js";
import { plainText } from "../../output/plain-text.js";
import { print, say } from "../../terminal.js";

/** Flags of `overseer logs`. */
export interface LogsFlags extends ClusterFlags {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly container?: string;
  readonly object?: string;
  readonly tail: number;
  /** Milliseconds. */
  readonly since?: number;
}

/** A container whose log is read. */
interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Runs `overseer logs`: those of the pods of an app. */
export function logs(name: string, flags: LogsFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const app = await cluster.get<LiveApp>(appTarget(name));
    const { managed, made, gaps } = await objectsOf(cluster, app);
    for (const gap of gaps) say(`not shown: ${gap}`);
    const sources = podsOf([...managed, ...made], managed, flags.object).flatMap((pod) =>
      containersOf(pod, flags.container),
    );
    if (sources.length === 0)
      throw new CommandError(
        `${shownName(app)} has no ${flags.container === undefined ? "pods" : `container ${flags.container}`}${flags.object === undefined ? "" : ` of ${flags.object}`}: see "overseer tree ${name}"`,
        EXIT.failed,
      );
    const results = await Promise.all(sources.map((source) => printLog(cluster, source, flags, sources.length > 1)));
    return results.some((hasLog) => hasLog) ? EXIT.done : EXIT.failed;
  });
}

/** The pods among objects that belong to the managed ones by their owners; only those of one object if it is named. */
export function podsOf(
  objects: readonly AppObject[],
  managed: readonly AppObject[],
  only: string | undefined,
): readonly RawObject[] {
  const byUid = new Map(objects.map((one) => [one.object.metadata.uid, one]));
  const roots = new Set(
    managed.filter((one) => only === undefined || isNamed(one, only)).map(({ object }) => object.metadata.uid),
  );
  const belongs = ({ metadata }: RawObject): boolean => {
    const seen = new Set<string>();
    for (let uid: string | undefined = metadata.uid; uid !== undefined && !seen.has(uid); ) {
      if (roots.has(uid)) return true;
      seen.add(uid);
      uid = byUid.get(uid)?.object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    }
    return false;
  };
  return [...byUid.values()]
    .filter(({ kind, object }) => kind.kind === "Pod" && kind.group === "" && belongs(object))
    .map(({ object }) => object);
}

/** `deployment/web` or `web`. */
function isNamed({ kind, object }: AppObject, text: string): boolean {
  const [first = "", second] = text.split("/");
  if (second === undefined) return object.metadata.name === first;
  return (
    object.metadata.name === second &&
    [kind.kind, `${kind.kind}s`].some((name) => name.toLowerCase() === first.toLowerCase())
  );
}

function containersOf({ metadata, spec }: RawObject, only: string | undefined): readonly LogSource[] {
  const { containers = [] } = (spec ?? {}) as { containers?: readonly { readonly name: string }[] };
  return containers
    .filter(({ name }) => only === undefined || name === only)
    .map(({ name }) => ({ namespace: metadata.namespace ?? "", pod: metadata.name, container: name }));
}

/** Prints one log, and reports whether there was one. A container that has not started is no reason to hide the others. */
async function printLog(
  cluster: Cluster,
  source: LogSource,
  flags: LogsFlags,
  isOneOfSeveral: boolean,
): Promise<boolean> {
  const { namespace, pod, container } = source;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
  const prefix = isOneOfSeveral ? `[${pod}/${container}] ` : "";
  const query = {
    container,
    follow: flags.follow === true ? "true" : undefined,
    previous: flags.previous === true ? "true" : undefined,
    tailLines: flags.tail < 0 ? undefined : String(flags.tail),
    sinceSeconds: flags.since === undefined ? undefined : String(Math.max(1, Math.ceil(flags.since / 1000))),
  };
  try {
    const chunks = await cluster.client.stream({ method: "GET", path, query });
    for await (const line of splitLines(withLineEnd(chunks), path)) print(`${prefix}${plainText(line)}\n`);
    return true;
  } catch (error) {
    if (isStatus(error, 403)) throw error;
    say(`${prefix}${messageOf(error)}`);
    return false;
  }
}

/** A log may end within a line. */
async function* withLineEnd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
  yield Buffer.from("\n");
}
