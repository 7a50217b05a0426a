import { cutMiddle } from "../../../base/cut-text.js";
import { KubeStatusError } from "../../../kube/errors.js";
import type { FieldFault } from "../../../kube/refusal-text/field-fault.js";
import { fieldFaults } from "../../../kube/refusal-text/field-faults.js";
import { plainText } from "../../../kube/refusal-text/plain-text.js";
import type { DocumentFault } from "../../../plan/actions.js";
import { HINTS } from "./hints.js";
import { isTooLarge } from "./refusal.js";

/** Longest text about one object. Longer texts lose their middle, never the cause or the remedy. */
const MAX_TEXT = 600;

const REPLACE =
  "delete the live object, give the new one another name, or permit the operator to re-create it (sync.recreate)";
const SPLIT = "split the object, or remove parts of it from Git (etcd accepts at most 1.5 MiB by default)";

/** User-facing explanation of a refusal. */
export interface Explanation {
  /** The whole explanation on one line. */
  readonly message: string;
  /** Faults of single fields; empty if the refusal is not about fields. */
  readonly faults: readonly DocumentFault[];
  /** Whether only a change to the document can help, whatever else changes in the cluster. */
  readonly ofDocument: boolean;
}

/** Explains an error about an object in plain words, with a remedy if one is known. */
export function explainRefusal(error: unknown, object?: object): string {
  return explain(error, object).message;
}

/** Explains an error about an object field by field. */
export function explain(error: unknown, object?: object): Explanation {
  if (!(error instanceof KubeStatusError)) return whole(error instanceof Error ? error.message : String(error));
  if (isTooLarge(error)) return whole(`${plainText(error.message)}: ${SPLIT}`);
  const faults = error.statusCode === 403 || error.statusCode === 409 ? undefined : fieldFaults(error.status, object);
  return faults === undefined ? whole(explainWhole(error)) : ofFields(faults);
}

/** Builds the explanation from faults of single fields. */
export function ofFields(found: readonly FieldFault[]): Explanation {
  const last = found.findLastIndex(({ unchangeable }) => unchangeable);
  const faults = found.map(({ path, field, message }, index): DocumentFault => {
    const text = `${field === "" ? "" : `${field}: `}${message}`;
    return { path: path ?? [], message: index === last ? `${text}: ${REPLACE}` : text };
  });
  const message = faults.map((fault) => fault.message).join("; ");
  return { message, faults, ofDocument: found.every((fault) => fault.ofDocument) };
}

function whole(message: string): Explanation {
  return { message: cutMiddle(message, MAX_TEXT), faults: [], ofDocument: false };
}

/** Prefixes like `configmaps "a" is forbidden: `: the object is named next to the message anyway. */
const BOILERPLATE = /^(?:[\w.-]+ "[^"]*" is forbidden: |Internal error occurred: |pod rejected: )+/;

function explainWhole(error: KubeStatusError): string {
  const text = error.message.replace(BOILERPLATE, "");
  for (const { applies, cause, remedy } of HINTS) {
    const match = applies(error, text);
    if (match === null || match === false) continue;
    const explained = cause && match !== true ? cause(match) : cutMiddle(plainText(text), MAX_TEXT - remedy.length);
    return `${explained}: ${remedy}`;
  }
  return plainText(text);
}

/** Explains that the ServiceAccount of an app does not exist. */
export function explainMissingAccount(namespace: string, name: string): string {
  return `ServiceAccount ${namespace}/${name} does not exist: create it, or correct spec.serviceAccountName`;
}
