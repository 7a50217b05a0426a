import { canonicalJson } from "../../base/hash.js";
import type { Document } from "../../manifest/document.js";
import { displayId } from "../../manifest/object-id.js";
import { CHART_LABEL, HOLDERS, MAX_DEPTH } from "./versions.js";

/** Maximum number of objects in one message. */
const SHOWN = 5;
/** Labels that change with the version of a chart. */
const VERSION_LABELS: ReadonlySet<string> = new Set([CHART_LABEL, "app.kubernetes.io/version"]);

/**
 * Returns what differs between the applied documents and those of a Change in more than images and labels of versions, which the earlier
 * Environments have tested; undefined if nothing does. Another version of a chart exempts nothing else: the label is what the author writes,
 * and a commit can change values together with it.
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
  return canonicalJson(withoutVersions(before.object)) === canonicalJson(withoutVersions(after.object));
}

/** Returns a copy without the values of `image` fields and version labels. `parent` is the field that holds `value`. */
function withoutVersions(value: unknown, parent = "", isInside = false, depth = 0): unknown {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((one) => withoutVersions(one, parent, isInside, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const isLabel = parent === "labels" && VERSION_LABELS.has(key);
      const isVersion = typeof child === "string" && ((key === "image" && isInside) || isLabel);
      return [key, isVersion ? "" : withoutVersions(child, key, isInside || HOLDERS.has(key), depth + 1)];
    }),
  );
}
