import { matchItems } from "../../../manifest/diff/match-items.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";

/** Limit of reported paths per object. */
const MAX_PATHS = 20;

/**
 * Returns the paths at which an object differs from what a document requests, because admission or a loss of data changed it.
 * Equivalent notations (`1000m` and `1`, `"5"` and 5) are equal; null and empty values request nothing.
 */
export function divergentPaths(requested: object, live: object): string[] {
  const paths: string[] = [];
  const compare = (path: string, field: string, wanted: unknown, found: unknown): void => {
    if (paths.length >= MAX_PATHS || isNothing(wanted)) return;
    if (isRecord(wanted) && isRecord(found)) {
      for (const [key, value] of Object.entries(wanted)) compare(`${path}${step(key)}`, key, value, found[key]);
    } else if (Array.isArray(wanted) && Array.isArray(found)) {
      for (const [label, from, to] of matchItems(field, wanted, found).pairs)
        if (from !== undefined) compare(`${path}[${label}]`, field, from, to);
    } else if (!isSame(wanted, found)) paths.push(path);
  };
  for (const [field, value] of Object.entries(requested)) {
    if (["apiVersion", "kind", "metadata", "status"].includes(field)) continue;
    compare(`.${field}`, field, value, (live as Record<string, unknown>)[field]);
  }
  const [wanted, found] = [metadataOf(requested), metadataOf(live)];
  for (const field of ["labels", "annotations"]) compare(`.metadata.${field}`, field, wanted[field], found[field]);
  return paths;
}

/** Returns the note about a write whose response differs from the document; empty if they agree. */
export function admissionNotes(document: Document, response: object): string[] {
  const paths = divergentPaths(document.object, response);
  if (paths.length === 0) return [];
  return [
    `${displayId(document.id)}: an admission webhook, an admission policy or the API server changed ${paths.join(", ")}; the changed value is kept`,
  ];
}

function metadataOf(object: object): Record<string, unknown> {
  const { metadata } = object as { metadata?: unknown };
  return isRecord(metadata) ? metadata : {};
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.values(value).every(isNothing);
}

function isSame(wanted: unknown, found: unknown): boolean {
  if (wanted === found || String(wanted) === String(found)) return true;
  // Many kinds omit false and 0.
  if ((wanted === false || wanted === 0) && found === undefined) return true;
  if (isRecord(wanted) || Array.isArray(wanted) || found === undefined || found === null) return false;
  const [a, b] = [quantity(String(wanted)), quantity(String(found))];
  if (a !== undefined && b !== undefined) return Math.abs(a - b) <= Math.abs(a) * 1e-9;
  return String(wanted).replace(/\s+/g, "") === String(found).replace(/\s+/g, "");
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Parses a Kubernetes quantity; undefined for other text. */
function quantity(text: string): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]?i?)$/.exec(text);
  const unit = UNITS[match?.[2] ?? "none"];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

function step(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${key}]`;
}
