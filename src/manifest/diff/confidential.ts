import { credentialIn, tokenIn } from "../credential.js";
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
/** Fields that hold command lines, and the arguments there that are passwords. */
const COMMANDS: ReadonlySet<string> = new Set(["command", "args", "entrypoint", "test"]);
const PASSWORD_ARGUMENT = /--?[\w-]{0,40}(?:pass|token|secret|api-?key)[\w-]{0,20}(?:[= ]|$)/i;

/**
 * `object` with those plain values masked that look like secrets: of environment variables with a telling name or a random value,
 * command lines with passwords, and known forms of tokens and URLs with a user anywhere. Such values belong into secrets; until they are there, plans must not spread them further.
 */
export function maskConfidential(object: KubeObject): KubeObject {
  return mask(object, "") as KubeObject;
}

function mask(value: unknown, field: string): unknown {
  const isEnvironment = ENVIRONMENTS.has(field);
  if (typeof value === "string") return isConfidential(value, field) ? new Masked(value) : value;
  if (Array.isArray(value)) {
    const follows = COMMANDS.has(field) ? afterPasswordFlag(value) : undefined;
    return value.map((item, index) => {
      if (follows?.has(index)) return new Masked(item);
      return isEnvironment ? maskVariable(item) : mask(item, field);
    });
  }
  if (!isRecord(value) || value instanceof Masked) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const isVariable = isEnvironment && isScalar(child) && isConfidentialVariable(key, child);
      return [key, isVariable ? new Masked(child) : mask(child, key)];
    }),
  );
}

function isConfidential(text: string, field: string): boolean {
  const isCommand = COMMANDS.has(field) && PASSWORD_ARGUMENT.test(text) && /[= ]/.test(text);
  return isCommand || namesUser(text) || tokenIn(text) !== undefined;
}

function isConfidentialVariable(name: string, value: unknown): boolean {
  return CONFIDENTIAL_NAME.test(name) || (typeof value === "string" && credentialIn(value) !== undefined);
}

/** Indexes of arguments that follow a flag for a password: `--requirepass`, then its value. */
function afterPasswordFlag(items: readonly unknown[]): ReadonlySet<number> {
  return new Set(
    items.flatMap((item, index) =>
      typeof item === "string" && !item.includes("=") && PASSWORD_ARGUMENT.test(item) ? [index + 1] : [],
    ),
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
    const isVariable = item.includes("=") && isConfidentialVariable(name, item.slice(name.length + 1));
    return isVariable ? new Masked(item) : mask(item, "");
  }
  if (!isRecord(item) || typeof item.name !== "string" || !isScalar(item.value)) return mask(item, "");
  const { name, value } = item;
  return { ...item, value: isConfidentialVariable(name, value) ? new Masked(value) : mask(value, "") };
}

function isScalar(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number" || typeof value === "bigint";
}
