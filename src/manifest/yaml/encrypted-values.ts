import type { KubeObject } from "../document.js";
import type { FieldPath } from "../field-path.js";
import { isRecord } from "../shape.js";

const PREFIX = "ENC[AES256_GCM,";
/** The same in base64, as in `data` of a Secret. */
const ENCODED = Buffer.from(PREFIX).toString("base64");

/** Whether a text may hold values that SOPS encrypted. */
export function mayHoldEncrypted(text: string): boolean {
  return text.includes(PREFIX) || text.includes(ENCODED);
}

/** Returns the first field that is nothing but a value encrypted with SOPS; undefined if there is none. */
export function findEncrypted(object: KubeObject): FieldPath | undefined {
  const isSecret = object.kind === "Secret" && object.apiVersion === "v1";
  return find(
    object,
    (value) => (value.startsWith(PREFIX) && value.trimEnd().endsWith("]")) || (isSecret && value.startsWith(ENCODED)),
  );
}

function find(value: unknown, isEncrypted: (text: string) => boolean): FieldPath | undefined {
  if (typeof value === "string") return isEncrypted(value) ? [] : undefined;
  if (!Array.isArray(value) && !isRecord(value)) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const path = find(child, isEncrypted);
    if (path !== undefined) return [Array.isArray(value) ? Number(key) : key, ...path];
  }
  return undefined;
}
