import { dump, load } from "js-yaml";
import type { Json } from "../../../base/hash.js";

/**
 * A Compose document as text. Every string is quoted, so that no reader of YAML, of whichever version, takes one for
 * something else.
 */
export function composeText(compose: Json): string {
  return dump(compose, { lineWidth: -1, noRefs: true, quoteStyle: "double", forceQuotes: true });
}

/** A Compose text as a value, to compare it field by field; the text itself where it cannot be read. */
export function composeValue(text: string): Json {
  try {
    return load(text) as Json;
  } catch {
    return text;
  }
}

/** Names of the volumes that a Compose text declares. */
export function namedVolumes(text: string): string[] {
  const value = composeValue(text);
  const volumes = isRecord(value) ? value.volumes : undefined;
  return isRecord(volumes) ? Object.keys(volumes).sort() : [];
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
