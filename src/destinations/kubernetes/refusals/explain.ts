import { cutMiddle } from "../../../base/cut-text.js";
import { KubeStatusError } from "../../../kube/errors.js";
import type { FieldFault } from "../../../kube/refusal-text/field-fault.js";
import { fieldFaults } from "../../../kube/refusal-text/field-faults.js";
import { plainText } from "../../../kube/refusal-text/plain-text.js";
import type { DocumentFault } from "../../../plan/actions.js";
import { HINTS } from "./hints.js";
import { isTooLarge } from "./refusal.js";

/** Longest text about one object; what is longer loses its middle, never cause or remedy. */
const MAX_TEXT = 600;

const REPLACE = "delete the live object, or give the new one another name";
const SPLIT = "split the object, or take parts of it out of Git (etcd takes at most 1.5 MiB unless told otherwise)";

/** Why an object was refused, in words for people. */
export interface Explanation {
  /** All in one line. */
  readonly message: string;
  /** What is wrong with single fields; empty when it is about something else. */
  readonly faults: readonly DocumentFault[];
  /** Whether only another document can help: nothing else in the cluster has to do with it. */
  readonly ofDocument: boolean;
}

/** What the API server said of an object, in plain words, with the remedy where there is one. */
export function explainRefusal(error: unknown, object?: object): string {
  return explain(error, object).message;
}

/** The same, field by field. */
export function explain(error: unknown, object?: object): Explanation {
  if (!(error instanceof KubeStatusError)) return whole(error instanceof Error ? error.message : String(error));
  if (isTooLarge(error)) return whole(`${plainText(error.message)}: ${SPLIT}`);
  const faults = error.statusCode === 403 || error.statusCode === 409 ? undefined : fieldFaults(error.status, object);
  return faults === undefined ? whole(explainWhole(error)) : ofFields(faults);
}

/** An explanation from what was found wrong with single fields. */
export function ofFields(found: readonly FieldFault[]): Explanation {
  const last = found.findLastIndex(({ unchangeable }) => unchangeable);
  const faults = found.map(({ path, field, message }, index): DocumentFault => {
    const said = `${field === "" ? "" : `${field}: `}${message}`;
    return { path: path ?? [], message: index === last ? `${said}: ${REPLACE}` : said };
  });
  const message = faults.map((fault) => fault.message).join("; ");
  return { message, faults, ofDocument: found.every((fault) => fault.ofDocument) };
}

function whole(message: string): Explanation {
  return { message: cutMiddle(message, MAX_TEXT), faults: [], ofDocument: false };
}

/** `configmaps "a" is forbidden: ` and the like say of what is told beside the message anyway. */
const BOILERPLATE = /^(?:[\w.-]+ "[^"]*" is forbidden: |Internal error occurred: |pod rejected: )+/;

function explainWhole(error: KubeStatusError): string {
  const text = error.message.replace(BOILERPLATE, "");
  for (const { applies, cause, remedy } of HINTS) {
    const match = applies(error, text);
    if (match === null || match === false) continue;
    const said = cause && match !== true ? cause(match) : cutMiddle(plainText(text), MAX_TEXT - remedy.length);
    return `${said}: ${remedy}`;
  }
  return plainText(text);
}

/** What is said of an app that names a ServiceAccount which is not there. */
export function explainMissingAccount(namespace: string, name: string): string {
  return `ServiceAccount ${namespace}/${name} does not exist: create it, or correct spec.serviceAccountName`;
}
