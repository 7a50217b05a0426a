import type { PlainValue } from "./sops-file.js";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAX_INT = 2n ** 63n;

/** Returns the value that decrypted bytes stand for, or what is wrong with them. Only binary files may hold what is no text. */
export function plainValue(type: string, bytes: Buffer, isBinary = false): PlainValue | { readonly fault: string } {
  if (isBinary && (type === "str" || type === "bytes")) return { type: "str", text: bytes.toString("latin1"), bytes };
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { fault: "is not text in UTF-8: put it into data of a Secret, in base64" };
  }
  if (type === "str" || type === "bytes" || type === "time") return { type: "str", text, bytes };
  if (type === "int") {
    const number = /^[-+]?[0-9]{1,20}$/.test(text) ? BigInt(text.replace("+", "")) : MAX_INT;
    if (number < MAX_INT && number >= -MAX_INT) return value(type, number.toString());
    return { fault: "is not a whole number of 64 bits, although its type is int" };
  }
  if (type === "float") {
    const number = /^[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isFinite(number)) return value(type, decimalText(number));
    return { fault: "is not a number, although its type is float" };
  }
  if (type === "bool") {
    if (/^(?:[Tt]rue|[Ff]alse)$/.test(text)) return value(type, text.toLowerCase() === "true" ? "True" : "False");
    return { fault: "is not true or false, although its type is bool" };
  }
  return type === "comment"
    ? { fault: "was encrypted as a comment, and stands where a value is expected" }
    : { fault: `has the type ${type.slice(0, 20)}, which is not known` };
}

function value(type: PlainValue["type"], text: string): PlainValue {
  return { type, text, bytes: Buffer.from(text) };
}

/** Writes a number with all its digits and without exponent, as Go's `FormatFloat` with format `f` and the shortest precision. */
export function decimalText(value: number): string {
  const [mantissa = "", exponent] = value.toString().split("e");
  if (exponent === undefined) return Object.is(value, -0) ? "-0" : mantissa;
  const sign = mantissa.startsWith("-") ? "-" : "";
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0")}`;
}
