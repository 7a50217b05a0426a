import { jsonText } from "../../base/hash.js";
import type { KubeObject } from "../document.js";
import { isRecord } from "../shape.js";

/** Placeholder for secret values in output. */
export const REDACTED = "<redacted>";

/**
 * A secret value that can be compared but not read: it always prints as `<redacted>`, so that later steps cannot leak it.
 */
export class Masked {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  /** Reports whether both have the same value. */
  equals(other: Masked): boolean {
    return this.#value === other.#value || jsonText(this.#value) === jsonText(other.#value);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}

/** Longer annotations of a Secret are treated as copies of the object, which several tools store there. */
const MAX_OPEN_ANNOTATION = 128;

/**
 * Masks the secret values of an object: `data` and `stringData` of a Secret, and annotations with copies of the object, such as
 * `kubectl.kubernetes.io/last-applied-configuration`. Objects of other kinds are returned unchanged.
 */
export function maskSecrets(object: KubeObject): KubeObject {
  if (object.kind !== "Secret" || object.apiVersion !== "v1") return object;
  const masked: Record<string, unknown> = { ...object };
  for (const field of ["data", "stringData"]) {
    if (masked[field] !== undefined) masked[field] = maskEach(masked[field], () => true);
  }
  const { annotations } = object.metadata;
  if (annotations === undefined) return masked as KubeObject;
  const metadata = { ...object.metadata, annotations: maskEach(annotations, holdsCopy) };
  return { ...masked, metadata } as KubeObject;
}

/** Masks the values of a map, or the whole value if it is not a map. */
function maskEach(map: unknown, mask: (key: string, value: unknown) => boolean): unknown {
  if (map === null) return null;
  if (!isRecord(map)) return new Masked(map);
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, mask(key, value) ? new Masked(value) : value]),
  );
}

function holdsCopy(key: string, value: unknown): boolean {
  return /(?:last-applied|last-applied-configuration|\/original|\/applied)$/.test(key) || !isShortText(value);
}

function isShortText(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_OPEN_ANNOTATION;
}
