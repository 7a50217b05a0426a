import type { FieldPath } from "./field-path.js";
import { describeType, isRecord, type ShapeProblem } from "./shape.js";

/** Top-level fields of a Secret. */
const FIELDS: ReadonlySet<string> = new Set([
  "apiVersion",
  "kind",
  "metadata",
  "data",
  "stringData",
  "type",
  "immutable",
  "status",
]);

/** `IsConfigMapKey` of the API server. */
const KEY = /^(?!\.\.?$)(?!\.\.)[-._a-zA-Z0-9]{1,253}$/;
/** Base64 as Go decodes it: padded, with line breaks anywhere. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** `MaxSecretSize` of the API server. */
const MAX_BYTES = 1024 * 1024;
/** Maximum number of entries reported per map. */
const MAX_SHOWN = 20;

/** Keys with a JSON value, by Secret type. The API server quotes invalid JSON in its errors. */
const JSON_KEYS: Readonly<Record<string, string>> = {
  "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
  "kubernetes.io/dockercfg": ".dockercfg",
};

/**
 * Validates the values of a Secret, because the API server would quote invalid ones in its error. Messages contain neither values
 * nor keys: if a colon is missing, the value is part of the key. Only rejects values that are never valid; the API server
 * validates what depends on the live object, such as keys that a type requires.
 */
export function checkSecret(value: unknown): ShapeProblem[] {
  if (!isRecord(value) || value.apiVersion !== "v1" || value.kind !== "Secret") return [];
  const secret = value;
  const problems: ShapeProblem[] = [];
  const report = (path: FieldPath, message: string): void => void problems.push({ path, message });
  checkFields(secret, report);
  checkMap(secret, "data", report);
  checkMap(secret, "stringData", report);
  if (problems.length === 0) checkContent(secret, report);
  return problems;
}

type Report = (path: FieldPath, message: string) => void;

function checkFields(secret: Record<string, unknown>, report: Report): void {
  for (const [index, field] of Object.keys(secret).entries()) {
    if (!FIELDS.has(field))
      report(
        [field],
        `field ${index + 1} is none of a Secret, which has data, stringData, type and immutable: is it indented as it should be?`,
      );
  }
  const { type, immutable } = secret;
  if (type !== undefined && type !== null && typeof type !== "string")
    report(["type"], `type is ${describeType(type)}, but has to be text; put it in quotes`);
  if (immutable !== undefined && immutable !== null && typeof immutable !== "boolean")
    report(["immutable"], `immutable is ${describeType(immutable)}, but has to be true or false, without quotes`);
}

function checkMap(secret: Record<string, unknown>, field: "data" | "stringData", report: Report): void {
  const map = secret[field];
  if (map === undefined || map === null) return;
  if (!isRecord(map)) {
    report([field], `${field} is ${describeType(map)}, but has to be a mapping of names to values`);
    return;
  }
  let shown = 0;
  for (const [index, [key, value]] of Object.entries(map).entries()) {
    const message = faultOfEntry(`entry ${index + 1} of ${field}`, field, key, value);
    if (message === undefined) continue;
    if (++shown > MAX_SHOWN) return;
    report([field, key], message);
  }
}

function faultOfEntry(entry: string, field: "data" | "stringData", key: string, value: unknown): string | undefined {
  if (!KEY.test(key))
    return `the name of ${entry} is not valid: expected letters, digits, "-", "_" and "."; is a colon or a space missing?`;
  if (typeof value !== "string") {
    const wanted = field === "data" ? "text, encoded as base64" : "text";
    return `${entry} is ${describeType(value)}, but has to be ${wanted}; ${remedy(field, value)}`;
  }
  if (field === "data" && !BASE64.test(value.replace(/[\r\n]/g, "")))
    return `${entry} is not base64: encode it, or move it to stringData, which takes plain text`;
  return undefined;
}

function remedy(field: string, value: unknown): string {
  if (value === null) return "give it a value, or leave it out";
  if (typeof value === "object") return "is a colon or a level of indentation too much?";
  return field === "data" ? "encode it, or move it to stringData in quotes" : "put it in quotes";
}

function checkContent({ data, stringData, type }: Record<string, unknown>, report: Report): void {
  const encoded = isRecord(data) ? (data as Record<string, string>) : {};
  const plain = isRecord(stringData) ? (stringData as Record<string, string>) : {};
  let bytes = 0;
  for (const [key, value] of Object.entries(encoded))
    if (!Object.hasOwn(plain, key)) bytes += Buffer.byteLength(value, "base64");
  for (const value of Object.values(plain)) bytes += Buffer.byteLength(value);
  if (bytes > MAX_BYTES)
    report(
      [isRecord(data) ? "data" : "stringData"],
      `its values are ${bytes} bytes together, and a Secret takes at most ${MAX_BYTES}: split it`,
    );
  const key = typeof type === "string" && Object.hasOwn(JSON_KEYS, type) ? JSON_KEYS[type] : undefined;
  if (key === undefined) return;
  const text = plain[key] ?? (encoded[key] === undefined ? undefined : decoded(encoded[key]));
  if (text !== undefined && !isJsonObject(text))
    report(
      [Object.hasOwn(plain, key) ? "stringData" : "data", key],
      `${key} is not the JSON object that the type ${type} asks for`,
    );
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}
