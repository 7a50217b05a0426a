import { isRecord } from "../../manifest/shape.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import { partsOf, unescapeText } from "./text.js";

/** Fields of a service whose strings can refer to secrets. */
const WITH_SECRETS = new Set(["environment", "command", "entrypoint"]);

/**
 * Returns an interpolated Compose document with plain strings, except in fields that can refer to secrets, which stay escaped. A
 * reference in another field is a problem.
 */
export function plainDocument(compose: Mapping, report: Reporter): Mapping {
  const path: (string | number)[] = [];
  const inside = (step: string | number, value: unknown): unknown => {
    path.push(step);
    const plain = walk(value);
    path.pop();
    return plain;
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") {
      if (!value.includes("$")) return value;
      if (path[0] === "services" && WITH_SECRETS.has(String(path[2]))) return value;
      if (partsOf(value).some((part) => "secret" in part))
        report
          .at(...path)
          .problem(
            "secrets are supported in environment, command and entrypoint only; use secrets of Compose for files",
          );
      return unescapeText(value);
    }
    if (Array.isArray(value)) return value.map((item, index) => inside(index, item));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inside(key, child)]));
  };
  return walk(compose) as Mapping;
}
