import type { Document } from "../../manifest/document.js";
import type { CoreKind } from "./kinds/core-kind.js";
import { coreKindOf } from "./kinds/kinds.js";

/** A document together with the rules of its kind. */
export interface Desired {
  readonly rules: CoreKind;
  readonly spec: unknown;
  readonly document: Document;
}

const cache = new WeakMap<Document, Desired>();

/** Parses the spec of a document. Throws for a document that was not rendered for a Core. */
export function desiredOf(document: Document): Desired {
  const known = cache.get(document);
  if (known) return known;
  const rules = coreKindOf(document.id);
  if (rules === undefined) throw new TypeError(`an Overseer Core has no kind ${document.id.kind}`);
  const desired = { rules, spec: rules.spec.parse(document.object.spec), document };
  cache.set(document, desired);
  return desired;
}
