import { AppDocument } from "./app.js";
import { NodeDocument } from "./node.js";
import { PolicyDocument } from "./policy.js";
import { RouteDocument } from "./route.js";
import { SecretDocument } from "./secret.js";

/** Kinds of documents that users write, by name. */
export const DOCUMENTS = {
  App: AppDocument,
  Node: NodeDocument,
  Route: RouteDocument,
  Policy: PolicyDocument,
  Secret: SecretDocument,
} as const;
export type DocumentKind = keyof typeof DOCUMENTS;

/** Whether a kind belongs to overseer.io. */
export function isDocumentKind(kind: string): kind is DocumentKind {
  return Object.hasOwn(DOCUMENTS, kind);
}
