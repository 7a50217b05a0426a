import { sha256 } from "../../base/hash.js";

/** Maximum length of the name of a Service or a label value. */
const MAX_NAME = 63;

/** Returns a name that is a DNS label: lowercase, other characters replaced by `-`, and a hash at the end if it is too long. */
export function labelName(text: string, max = MAX_NAME): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/-{2,}/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (name === "") return `x${sha256(text, 8)}`;
  return name.length <= max ? name : `${name.slice(0, max - 9).replace(/-+$/, "")}-${sha256(text, 8)}`;
}

/** Joins the parts of a name to a DNS label. */
export function joinNames(...parts: readonly string[]): string {
  return labelName(parts.join("-"));
}

/** Returns a name for a Service: a DNS label that begins with a letter. */
export function serviceName(text: string): string {
  const name = labelName(text);
  return /^[a-z]/.test(name) ? name : labelName(`s-${name}`);
}

/** Returns a name for an object such as a Secret, which can have dots. */
export function objectName(text: string): string {
  return text
    .split(".")
    .map((part) => labelName(part, 250))
    .join(".");
}
