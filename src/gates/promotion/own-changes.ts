import { canonicalJson } from "../../base/hash.js";
import type { Document } from "../../manifest/document.js";
import { displayId } from "../../manifest/object-id.js";
import { CHART_LABEL, HOLDERS, MAX_DEPTH } from "./versions.js";

/** Maximum number of objects in one message. */
const SHOWN = 5;
/** Labels that change with the version of a chart. */
const VERSION_LABELS: ReadonlySet<string> = new Set([CHART_LABEL, "app.kubernetes.io/version"]);

/**
 * Returns what differs between the applied documents and those of a Change in more than images and chart versions, which the earlier
 * Environments have tested; undefined if nothing does. Documents with another version of their chart come from the chart.
 */
export function ownChanges(before: readonly Document[], after: readonly Document[]): string | undefined {
  const old = new Map(before.map((one) => [one.key, one]));
  const names: string[] = [];
  for (const document of after) {
    const previous = old.get(document.key);
    old.delete(document.key);
    if (previous !== undefined && (previous.hash === document.hash || isSameButVersions(previous, document))) continue;
    names.push(displayId(document.id));
  }
  for (const { id } of old.values()) names.push(`${displayId(id)} (deleted)`);
  if (names.length === 0) return undefined;
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return `it changes more than tested images: ${names.slice(0, SHOWN).join(", ")}${more}`;
}

function isSameButVersions(before: Document, after: Document): boolean {
  const chart = (document: Document): unknown => document.object.metadata?.labels?.[CHART_LABEL];
  if (chart(after) !== undefined && chart(before) !== undefined && chart(before) !== chart(after)) return true;
  return canonicalJson(withoutVersions(before.object)) === canonicalJson(withoutVersions(after.object));
}

/** Returns a copy without the values of `image` fields and version labels. */
function withoutVersions(value: unknown, isInside = false, depth = 0): unknown {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((one) => withoutVersions(one, isInside, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const isVersion = typeof child === "string" && ((key === "image" && isInside) || VERSION_LABELS.has(key));
      return [key, isVersion ? "" : withoutVersions(child, isInside || HOLDERS.has(key), depth + 1)];
    }),
  );
}
