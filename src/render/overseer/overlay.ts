import { DOCUMENT_API_VERSION } from "../../api/documents/group.js";
import type { KubeObject } from "../../manifest/document.js";
import type { FieldPath } from "../../manifest/field-path.js";
import { displayId } from "../../manifest/object-id.js";
import { isRecord } from "../../manifest/shape.js";
import { hashBody, idOf, type PreparedDocument } from "../../manifest/to-document.js";
import { closest } from "../closest.js";
import type { FileOutcome } from "../parser.js";
import { deepest } from "./compose/places.js";
import { type Findings, Reporter } from "./reporter.js";

/** An App document with a partial one merged over it. */
export interface OverlaidDocument extends PreparedDocument {
  /** The document in the source. */
  readonly base: PreparedDocument;
  /** The partial document in the overlay. Its `compose` is not part of `object`: it is merged as an override file. */
  readonly overlay: PreparedDocument;
}

/** Cached results: an unchanged pair stays the same object, so that its expansion is not repeated. */
const known = new WeakMap<PreparedDocument, OverlaidDocument>();

/**
 * Merges the App documents of an overlay over those of the source with the same name. Returns one outcome for each file, those of
 * the source first. Other documents of the overlay are added to the source. An App of the overlay that matches no App, or more than
 * one, is a problem of its file.
 */
export function applyOverlay(source: readonly FileOutcome[], overlay: readonly FileOutcome[]): FileOutcome[] {
  const apps = source.flatMap((outcome) => (outcome.ok ? outcome.documents.filter(isApp) : []));
  const partials = new Map<string, PreparedDocument>();
  const others = overlay.map((outcome): FileOutcome => {
    if (!outcome.ok) return outcome;
    const problems = outcome.documents.filter(isApp).flatMap((document) => {
      const message = faultOf(document, apps, partials);
      if (message === undefined) {
        partials.set(document.object.metadata.name, document);
        return [];
      }
      return [{ ...document.origin, object: displayId(idOf(document.object)), message }];
    });
    return problems.length > 0
      ? { ok: false, problems }
      : { ok: true, documents: outcome.documents.filter((document) => !isApp(document)) };
  });
  const merged = source.map((outcome): FileOutcome => {
    if (!outcome.ok) return outcome;
    const documents = outcome.documents.map((document) => {
      const partial = isApp(document) ? partials.get(document.object.metadata.name) : undefined;
      return partial === undefined ? document : merge(document, partial);
    });
    return { ok: true, documents };
  });
  return [...merged, ...others];
}

function isApp({ object }: PreparedDocument): boolean {
  return object.apiVersion === DOCUMENT_API_VERSION && object.kind === "App";
}

function faultOf(
  { object }: PreparedDocument,
  apps: readonly PreparedDocument[],
  partials: ReadonlyMap<string, PreparedDocument>,
): string | undefined {
  const { name } = object.metadata;
  const twin = partials.get(name);
  if (twin !== undefined)
    return `the overlay has another App ${name}, in ${twin.origin.file}:${twin.origin.line}; remove one of the two`;
  const matches = apps.filter((app) => app.object.metadata.name === name);
  if (matches.length > 1) return `source.path has ${matches.length} Apps with the name ${name}; remove all but one`;
  if (matches.length === 0) {
    const names = apps.map((app) => app.object.metadata.name);
    const near = closest(name, names);
    const hint =
      near !== undefined
        ? `did you mean ${near}?`
        : "an App that is only in this environment belongs to a directory and an OverseerApp of its own";
    return `source.path has no App with this name to merge it over; ${hint}`;
  }
  if (isRecord(object.spec) && object.spec.composeFiles !== undefined)
    return "spec.composeFiles: an overlay cannot list files; write the differences in spec.compose";
  return undefined;
}

function merge(base: PreparedDocument, overlay: PreparedDocument): OverlaidDocument {
  const before = known.get(overlay);
  if (before?.base === base) return before;
  const object = mergePatch(base.object, withoutCompose(overlay.object)) as KubeObject;
  const confidential = base.confidential || overlay.confidential ? { confidential: true } : {};
  const merged = { ...base, ...confidential, object, bodyHash: hashBody(object), base, overlay };
  known.set(overlay, merged);
  return merged;
}

function withoutCompose(object: KubeObject): KubeObject {
  if (!isRecord(object.spec)) return object;
  const { compose: _, ...spec } = object.spec;
  return { ...object, spec };
}

/** Merges as RFC 7386: mappings are merged, null removes a field, and everything else is replaced. */
function mergePatch(value: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(value) ? value : {}));
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), change));
  }
  return Object.fromEntries(merged);
}

/** Returns the partial document that was merged over a document, if any. */
export function overlayOf(document: PreparedDocument): PreparedDocument | undefined {
  return "overlay" in document ? (document as OverlaidDocument).overlay : undefined;
}

/** Returns the reporter of a document. Fields from an overlay are reported in its file. */
export function reporterOf(document: PreparedDocument, findings: Findings): Reporter {
  const name = displayId(idOf(document.object));
  const report = new Reporter(findings, document.origin, name);
  if (overlayOf(document) === undefined) return report;
  const { base, overlay } = document as OverlaidDocument;
  const layers = [
    { value: withoutCompose(overlay.object), report: new Reporter(findings, overlay.origin, name) },
    { value: base.object, report },
  ];
  return report.withPlaces((path: FieldPath) => deepest(layers, path));
}
