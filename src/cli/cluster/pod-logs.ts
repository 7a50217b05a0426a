import type { RawObject } from "../../kube/object.js";
import { splitLines } from "../../kube/watch/watch-lines.js";
import type { LogFilter, LogRange, LogSource, LogSources } from "../connection/extras.js";
import type { LiveApp } from "../connection/live.js";
import { type AppObject, objectsOf } from "./app-objects.js";
import type { Cluster } from "./cluster.js";

/** Returns the containers of the pods of an app. Throws CommandError if they are not in this cluster. */
export async function logSources(
  cluster: Cluster,
  app: LiveApp,
  { object, container }: LogFilter,
): Promise<LogSources> {
  const { managed, made, gaps } = await objectsOf(cluster, app);
  const pods = podsOf([...managed, ...made], managed, object);
  return { sources: pods.flatMap((pod) => containersOf(pod, container)), gaps };
}

/** Yields the lines of the log of a container. */
export async function* readLog(
  cluster: Cluster,
  { namespace, pod, container }: LogSource,
  { follow, previous, tail, since }: LogRange,
): AsyncGenerator<string> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
  const query = {
    container,
    follow: follow ? "true" : undefined,
    previous: previous ? "true" : undefined,
    tailLines: tail < 0 ? undefined : String(tail),
    sinceSeconds: since === undefined ? undefined : String(Math.max(1, Math.ceil(since / 1000))),
  };
  yield* splitLines(withLineEnd(await cluster.client.stream({ method: "GET", path, query })), path);
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

/** A log may end within a line. */
async function* withLineEnd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
  yield Buffer.from("\n");
}
