import type { KubeObject } from "../document.js";
import { isRecord } from "../shape.js";
import { Masked } from "./mask.js";

/** Names of environment variables whose values people keep secret. */
const CONFIDENTIAL_NAME = /pass|pwd|secret|token|key|credential|private|dsn|salt/i;
/** The user part of a URL, mostly with a password, read from a position: `app:…@` of `postgres://app:…@db/shop`. */
const USER = /[^\s/@]+@/y;
const SCHEME_END = /[a-z0-9+.-]/i;
/** Fields that hold environment variables: of Compose services, and of containers. */
const ENVIRONMENTS: ReadonlySet<string> = new Set(["environment", "env"]);

/**
 * `object` with those plain values masked that look like secrets: of environment variables with a telling name, and URLs with
 * a user anywhere. Such values belong into secrets; until they are there, plans must not spread them further.
 */
export function maskConfidential(object: KubeObject): KubeObject {
  return mask(object, "") as KubeObject;
}

function mask(value: unknown, field: string): unknown {
  if (typeof value === "string") return namesUser(value) ? new Masked(value) : value;
  const isEnvironment = ENVIRONMENTS.has(field);
  if (Array.isArray(value)) return value.map((item) => (isEnvironment ? maskVariable(item) : mask(item, field)));
  if (!isRecord(value) || value instanceof Masked) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const isVariable = isEnvironment && isScalar(child) && CONFIDENTIAL_NAME.test(key);
      return [key, isVariable ? new Masked(child) : mask(child, key)];
    }),
  );
}

/** Whether a text holds a URL with a user. Takes linear time: values from Git may be megabytes long, and chosen to be slow. */
function namesUser(text: string): boolean {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    USER.lastIndex = at + 3;
    if (SCHEME_END.test(text[at - 1] ?? "") && USER.test(text)) return true;
  }
  return false;
}

/** An item of a list of variables: `NAME=value`, or `{ name, value }`. */
function maskVariable(item: unknown): unknown {
  if (typeof item === "string") {
    const [name = ""] = item.split("=", 1);
    return item.includes("=") && CONFIDENTIAL_NAME.test(name) ? new Masked(item) : mask(item, "");
  }
  if (!isRecord(item) || typeof item.name !== "string" || !isScalar(item.value)) return mask(item, "");
  return { ...item, value: CONFIDENTIAL_NAME.test(item.name) ? new Masked(item.value) : mask(item.value, "") };
}

function isScalar(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number" || typeof value === "bigint";
}
