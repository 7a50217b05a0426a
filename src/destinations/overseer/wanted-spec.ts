import type { Document } from "../../manifest/document.js";
import type { CoreKind } from "./kinds/core-kind.js";
import { coreKindOf } from "./kinds/kinds.js";

/** A document together with the rules of its kind. */
export interface Wanted {
  readonly rules: CoreKind;
  readonly spec: unknown;
  readonly document: Document;
}

const cache = new WeakMap<Document, Wanted>();

/** Parses the spec of a document. Throws for a document that was not rendered for a Core. */
export function wantedOf(document: Document): Wanted {
  const known = cache.get(document);
  if (known) return known;
  const rules = coreKindOf(document.id);
  if (rules === undefined) throw new TypeError(`an Overseer Core has no kind ${document.id.kind}`);
  const wanted = { rules, spec: rules.spec.parse(document.object.spec), document };
  cache.set(document, wanted);
  return wanted;
}
