import type { StreamEvent } from "./sse.js";

interface EventData {
  readonly namespace?: string;
  readonly name?: string;
  readonly row?: { readonly app?: string };
}

/**
 * Returns the paths of the API whose responses an event makes old, each with any query: the list, the object itself, and,
 * with a slash at the end, all that is below it. Undefined means all: the server could not say what was missed.
 */
export function pathsOf({ event, data }: StreamEvent): readonly string[] | undefined {
  if (event === "reset") return undefined;
  const topic = TOPICS[event];
  if (topic === undefined) return [];
  const { namespace, name, row } = parse(data);
  if (namespace === undefined || name === undefined) return [topic];
  const own = `${topic}/${namespace}/${name}`;
  const paths = [topic, own, `${own}/`];
  return topic === "changes" && row?.app !== undefined ? [...paths, `apps/${namespace}/${row.app}/changes`] : paths;
}

/** Topics by the name of the event. The list itself is loaded again without what is below it. */
const TOPICS: Readonly<Record<string, string>> = {
  app: "apps",
  apps: "apps",
  change: "changes",
  changes: "changes",
  repository: "repositories",
  repositories: "repositories",
  environment: "environments",
  environments: "environments",
};

function parse(data: string): EventData {
  try {
    return JSON.parse(data) as EventData;
  } catch {
    return {};
  }
}

/** Whether a path of the API is one of those that `pathsOf` returned. */
export function isOneOf(path: string, paths: readonly string[]): boolean {
  return paths.some((one) => path === one || path.startsWith(one.endsWith("/") ? one : `${one}?`));
}
