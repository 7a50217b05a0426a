import { jsonText } from "../../base/hash.js";

/** Characters that a YAML parser treats as line breaks or rejects. */
const NOT_YAML_SAFE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * Serializes JSON that a YAML parser reads alike: the API server parses applies as YAML, where an unescaped U+0085 becomes a
 * space and U+2028 is rejected (observed on 1.35).
 */
export function plainJson(body: unknown): string {
  return jsonText(body).replace(NOT_YAML_SAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
