import { dump, load } from "js-yaml";
import type { Json } from "../../../base/hash.js";

/** Formats a Compose document as YAML. Quotes every string, so that no YAML version reads one as another type. */
export function composeText(compose: Json): string {
  return dump(compose, { lineWidth: -1, noRefs: true, quoteStyle: "double", forceQuotes: true });
}

/** Parses a Compose text for comparison by field; returns the text itself if it is invalid. */
export function composeValue(text: string): Json {
  try {
    return load(text) as Json;
  } catch {
    return text;
  }
}

/** Returns the names of the volumes that a Compose text declares. */
export function namedVolumes(text: string): string[] {
  const value = composeValue(text);
  const volumes = isRecord(value) ? value.volumes : undefined;
  return isRecord(volumes) ? Object.keys(volumes).sort() : [];
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
