import { jsonText } from "../../base/hash.js";
import type { KubeObject } from "../document.js";
import { isRecord } from "../shape.js";

/** What stands for a secret value wherever one would be shown. */
export const REDACTED = "<redacted>";

/**
 * A secret value that can be compared and never read: whatever prints it, prints `<redacted>`. Once a value is in here,
 * no later step can leak it by mistake.
 */
export class Masked {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  /** Whether both hold the same text (or the same other value, by its JSON). */
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

/** An annotation of a Secret that is longer is taken for a copy of the whole object, which several tools leave there. */
const MAX_OPEN_ANNOTATION = 128;

/**
 * `object` with every secret value in it masked: `data` and `stringData` of a Secret, and those of its annotations that
 * hold copies of the object (`kubectl.kubernetes.io/last-applied-configuration` and the like of other tools). Objects of
 * other kinds come back as they are.
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

/** Masks the values of a map; the whole when it is no map. */
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
