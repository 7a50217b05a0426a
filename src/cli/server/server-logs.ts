import type { AppObject, AppObjects } from "../../api/rest/objects.js";
import type { LogFilter, LogRange, LogSources } from "../connection/extras.js";

/** Most lines that the server returns of a log. */
const MOST_LINES = 99_999;

/** Returns the containers of the pods among the objects of an app. */
export function sourcesOf(
  { items, omitted, unavailable, hidden = [] }: AppObjects,
  { object, container }: LogFilter,
): LogSources {
  const roots = new Set(items.filter((one) => object === undefined || isNamed(one, object)).map(({ uid }) => uid));
  const pods = items.filter(
    ({ kind, uid, parent }) => kind === "Pod" && (roots.has(uid) || (parent !== undefined && roots.has(parent))),
  );
  const gaps = [
    ...hidden.map((kind) => `${kind}: you may not list this kind`),
    ...(omitted === true ? ["there are more objects than the server returns"] : []),
    ...(unavailable === undefined ? [] : [unavailable]),
  ];
  const sources = pods.flatMap(({ namespace = "", name, containers = [] }) =>
    containers
      .filter((one) => container === undefined || one === container)
      .map((one) => ({ namespace, pod: name, container: one })),
  );
  return { sources, gaps };
}

/** `deployment/web` or `web`. */
function isNamed({ kind, name }: AppObject, text: string): boolean {
  const [first = "", second] = text.split("/");
  if (second === undefined) return name === first;
  return name === second && [kind, `${kind}s`].some((one) => one.toLowerCase() === first.toLowerCase());
}

/** Returns the query of a log. */
export function logQuery({ follow, previous, tail, since }: LogRange): Readonly<Record<string, string | undefined>> {
  return {
    follow: follow ? "true" : undefined,
    previous: previous ? "true" : undefined,
    tail: String(tail < 0 ? MOST_LINES : Math.min(tail, MOST_LINES)),
    since: since === undefined ? undefined : new Date(Date.now() - since).toISOString(),
  };
}
