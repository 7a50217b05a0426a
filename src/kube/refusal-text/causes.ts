import { cutMiddle } from "../../base/cut-text.js";
import type { KubeStatus } from "../errors.js";
import { endOfValue, plainText } from "./plain-text.js";

type Cause = NonNullable<NonNullable<KubeStatus["details"]>["causes"]>[number];

/** How the API server says that a field keeps its first value: no code tells it. */
const UNCHANGEABLE =
  /immutable|cannot change|can ?not be changed|may not change|may not be changed|fields other than|updates to .* are forbidden|cannot be updated/;

/** A value that is shown in a message. */
const MAX_SHOWN = 60;
/** What is said of one field. */
const MAX_DETAIL = 300;

/** A cause in words, and whether it is that the field keeps its first value; undefined for what says nothing. */
export function describeCause(cause: Cause): { readonly message: string; readonly unchangeable: boolean } | undefined {
  const { message = "", field = "" } = cause;
  if (/some validation rules were not checked/.test(message)) return undefined;
  const [, head = "", body = ""] = /^([A-Z][a-z]+(?: [a-z]+)*)(?:: ([\s\S]*))?$/.exec(message) ?? ["", "", message];
  const { value, detail: said } =
    head.endsWith("value") && head !== "Required value" ? splitValue(body) : { value: "", detail: body };
  const detail = cutMiddle(plainText(withoutField(said, field)).replace(/\.$/, ""), MAX_DETAIL);
  if (UNCHANGEABLE.test(said)) return { message: `${detail}${changedFields(said)}`, unchangeable: true };
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
        return `${detail.replace(/^must be of type (\w+): "(\w+)"$/, "is of type $2, but has to be of type $1")}`;
      return shown === "" && detail !== "" ? detail : `${shown}is not valid${because}`;
    case "Unsupported value":
      return `${shown}is not supported${because}`;
    case "Duplicate value":
      return `${shown}is there twice${because}`;
    case "Too long":
    case "Too many":
      return `is ${head.toLowerCase()}${because}`;
    case "Forbidden":
      return detail === "" ? "may not be set" : detail;
    default:
      return cutMiddle(plainText(whole), MAX_DETAIL) || "is refused";
  }
}

/** The value that stands before the reason: JSON, or the print of a Go value. What is no value is a reason. */
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

/** The fields that a drawn difference is about. */
function changedFields(detail: string): string {
  const drawn = /\n\s*@@ [\s\S]*$/.exec(detail)?.[0] ?? "";
  const names = [...drawn.matchAll(/^[-+]\s*"(\w+)":/gm)].map(([, name = ""]) => name);
  const shown = [...new Set(names)].sort().slice(0, 3);
  return shown.length === 0 ? "" : ` (what differs: ${shown.join(", ")})`;
}
