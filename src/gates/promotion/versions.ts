import type { Document } from "../../manifest/document.js";

/** Label of Helm's charts: name and version of the chart that an object comes from. */
export const CHART_LABEL = "helm.sh/chart";
/** Nesting below which no image is looked for. */
export const MAX_DEPTH = 16;

/**
 * Returns the images and chart versions of documents, sorted: the value of every field `image` with text inside of a `containers`,
 * `initContainers` or `services` field, and `chart NAME-VERSION` of the labels that Helm sets.
 */
export function versionsOf(documents: readonly Document[]): string[] {
  const found = new Set<string>();
  for (const { object } of documents) {
    const chart = object.metadata?.labels?.[CHART_LABEL];
    if (typeof chart === "string") found.add(`chart ${chart}`);
    collect(object, false, 0, found);
  }
  return [...found].sort();
}

/** Fields with containers or services below them. */
export const HOLDERS: ReadonlySet<string> = new Set([
  "containers",
  "initContainers",
  "ephemeralContainers",
  "services",
]);

function collect(value: unknown, isInside: boolean, depth: number, found: Set<string>): void {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === "image" && typeof child === "string" && isInside && child !== "") found.add(child);
    else collect(child, isInside || HOLDERS.has(key), depth + 1, found);
  }
}
