import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";
import type { FieldFault } from "./field-fault.js";
import { plainText } from "./plain-text.js";
import { resolvePath, showServerPath } from "./server-path.js";

/** Prefixes that the API server puts before the reason why it cannot decode an object. */
const PREFIX =
  /^(?:failed to convert new object \([^)]*\) to proper version: |unable to convert unstructured object to [^:]*: |\w+ in version "[^"]*" cannot be handled as an? \w+: |error decoding from json: |admission webhook "[^"]*" attempted to modify the object[^:]*: )+/;

/** Go's name of a field, and of the type that it has: `Go struct field Container.spec.ports.containerPort of type int32`. */
const UNMARSHAL =
  /json: cannot unmarshal (\w+) into Go (?:struct field [A-Za-z]*\.?([\w.]*) of type|value of type) ([\w.[\]*]+)/;

/** Keys below which each value is a quantity. */
const QUANTITIES: ReadonlySet<string> = new Set(["limits", "requests", "capacity", "hard", "allocatable", "overhead"]);
/** Keys whose value is a quantity. */
const QUANTITY: ReadonlySet<string> = new Set(["sizeLimit", "averageValue"]);
const IS_QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;

/** Returns the faults of an object that fits its schema but cannot be decoded; undefined for other errors. */
export function conversionFault(message: string, object: unknown): readonly FieldFault[] | undefined {
  const prefix = PREFIX.exec(message)?.[0];
  const reason = message.slice(prefix?.length ?? 0);
  const found = UNMARSHAL.exec(reason);
  if (prefix === undefined && found === null) return undefined;
  if (found) {
    const [, actual = "", path = "", type = ""] = found;
    return [
      fault(
        path === "" ? undefined : resolvePath(path, object),
        path,
        `is ${goType(actual)}, but must be ${goType(type)}`,
        object,
      ),
    ];
  }
  if (/quantit/.test(reason)) {
    const paths = wrongQuantities(object, []);
    if (paths.length > 0)
      return paths.map((path) => ({
        ...fault(path, "", "is not a quantity; use a value like 500m, 2 or 1.5Gi", object),
        fitting: "1",
      }));
  }
  if (/cannot convert float\d+ to u?int/.test(reason))
    return [
      fault(
        undefined,
        "",
        "a field that must be a whole number has a fraction (cannot convert float64 to int32)",
        object,
      ),
    ];
  return [fault(undefined, "", plainText(reason), object)];
}

function fault(path: FieldPath | undefined, field: string, message: string, object: unknown): FieldFault {
  return {
    path,
    field: path === undefined ? field : showServerPath(path, object),
    message,
    ofDocument: true,
    unchangeable: false,
  };
}

function goType(type: string): string {
  if (/^u?int|^number$|^float/.test(type)) return "a number";
  if (/^bool/.test(type)) return "true or false";
  if (type === "string") return "text";
  if (type.startsWith("[]") || type === "array") return "a list";
  return type === "object" || type.startsWith("map") || /^[a-z]\w*\.[A-Z]/.test(type) ? "a mapping" : type;
}

function wrongQuantities(value: unknown, path: FieldPath, isQuantity = false): FieldPath[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => wrongQuantities(item, [...path, index]));
  if (isRecord(value)) {
    const parent = path.at(-1);
    const each = typeof parent === "string" && QUANTITIES.has(parent);
    return Object.entries(value).flatMap(([key, child]) =>
      wrongQuantities(child, [...path, key], (each && !isRecord(child)) || QUANTITY.has(key)),
    );
  }
  return isQuantity && !IS_QUANTITY.test(String(value)) ? [path] : [];
}
