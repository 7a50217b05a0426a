import type { AppDocument } from "../../api/documents/app.js";
import { DOCUMENTS, isDocumentKind } from "../../api/documents/documents.js";
import { DOCUMENT_API_VERSION } from "../../api/documents/group.js";
import type { NodeDocument } from "../../api/documents/node.js";
import type { PolicyDocument } from "../../api/documents/policy.js";
import type { RouteDocument } from "../../api/documents/route.js";
import type { SecretDocument } from "../../api/documents/secret.js";
import type { KubeObject } from "../../manifest/document.js";
import { closest } from "../closest.js";
import { describeIssue } from "./describe-issue.js";
import type { Reporter } from "./reporter.js";

/** A document that is valid for its kind, with defaults set. */
export type ValidDocument = AppDocument | NodeDocument | RouteDocument | PolicyDocument | SecretDocument;

/** Validates a document against the schema of its kind. Reports all errors and returns undefined if there are any. */
export function validateDocument(object: KubeObject, report: Reporter): ValidDocument | undefined {
  const { apiVersion, kind } = object;
  if (apiVersion !== DOCUMENT_API_VERSION) {
    report.at("apiVersion").problem(`is not read by this version; expected ${DOCUMENT_API_VERSION}`);
    return undefined;
  }
  if (!isDocumentKind(kind)) {
    const kinds = Object.keys(DOCUMENTS);
    const near = closest(kind, kinds);
    const hint = near === undefined ? `expected one of ${kinds.join(", ")}` : `did you mean ${near}?`;
    report.at("kind").problem(`unknown kind of ${DOCUMENT_API_VERSION}; ${hint}`);
    return undefined;
  }
  const result = DOCUMENTS[kind].safeParse(object);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    for (const { path, message } of describeIssue(kind, object, issue)) report.at(...path).problem(message);
  }
  return undefined;
}
