import { cutMiddle } from "../../base/cut-text.js";
import type { KubeStatus } from "../errors.js";
import { endOfValue, plainText } from "./plain-text.js";

type Cause = NonNullable<NonNullable<KubeStatus["details"]>["causes"]>[number];

/** Messages of the API server about immutable fields: no error code identifies them. */
const IMMUTABLE =
  /immutable|cannot change|can ?not be changed|may not change|may not be changed|fields other than|updates to .* are forbidden|cannot be updated/;

/** Maximum length of a value in a message. */
const MAX_SHOWN = 60;
/** Maximum length of the message about one field. */
const MAX_DETAIL = 300;

/** Describes a cause and whether the field is immutable; undefined for a cause without information. */
export function describeCause(cause: Cause): { readonly message: string; readonly unchangeable: boolean } | undefined {
  const { message = "", field = "" } = cause;
  if (/some validation rules were not checked/.test(message)) return undefined;
  const [, head = "", body = ""] = /^([A-Z][a-z]+(?: [a-z]+)*)(?:: ([\s\S]*))?$/.exec(message) ?? ["", "", message];
  const { value, detail: original } =
    head.endsWith("value") && head !== "Required value" ? splitValue(body) : { value: "", detail: body };
  const detail = cutMiddle(plainText(withoutField(original, field)).replace(/\.$/, ""), MAX_DETAIL);
  if (IMMUTABLE.test(original)) return { message: `${detail}${changedFields(original)}`, unchangeable: true };
  return { message: inWords(head, value, detail, message), unchangeable: false };
}

function inWords(head: string, value: string, detail: string, whole: string): string {
  const shown = value === "" || value === "null" ? "" : `${cutMiddle(plainText(value), MAX_SHOWN)} `;
  const because = detail === "" ? "" : `: ${detail}`;
  switch (head) {
    case "Required value":
      return `is missing${because}`;
    case "Invalid value":
      if (detail.startsWith("must be of type"))
        return `${detail.replace(/^must be of type (\w+): "(\w+)"$/, "is of type $2, but must be of type $1")}`;
      return shown === "" && detail !== "" ? detail : `${shown}is not valid${because}`;
    case "Unsupported value":
      return `${shown}is not supported${because}`;
    case "Duplicate value":
      return `${shown}is a duplicate${because}`;
    case "Too long":
    case "Too many":
      return `is ${head.toLowerCase()}${because}`;
    case "Forbidden":
      return detail === "" ? "must not be set" : detail;
    default:
      return cutMiddle(plainText(whole), MAX_DETAIL) || "is rejected";
  }
}

/** Splits a text into the value (JSON or a printed Go value) and the reason that follows it. Without a value, all is reason. */
function splitValue(text: string): { readonly value: string; readonly detail: string } {
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(text)?.[0];
  const open = /^[\w.*&[\] ]{0,80}?[{[]/.exec(text)?.[0];
  const plain = /^(?:-?\d[\w.]*|true|false|null|<[\w ]+>)(?=: |$)/.exec(text)?.[0];
  const end = quoted?.length ?? plain?.length ?? (open === undefined ? 0 : endOfValue(text, open.length - 1));
  if (end === 0 || (end < text.length && !text.startsWith(": ", end))) return { value: "", detail: text };
  return { value: text.slice(0, end), detail: text.slice(end + 2) };
}

function withoutField(detail: string, field: string): string {
  return field !== "" && detail.startsWith(`${field} in body `)
    ? detail.slice(field.length + " in body ".length)
    : detail;
}

/** Lists the fields in a diff that the API server prints. */
function changedFields(detail: string): string {
  const diff = /\n\s*@@ [\s\S]*$/.exec(detail)?.[0] ?? "";
  const names = [...diff.matchAll(/^[-+]\s*"(\w+)":/gm)].map(([, name = ""]) => name);
  const shown = [...new Set(names)].sort().slice(0, 3);
  return shown.length === 0 ? "" : ` (changed: ${shown.join(", ")})`;
}
