import { MAX_COMPOSE_BYTES } from "../../api/core/app.js";
import { canonicalJson, jsonText } from "../../base/hash.js";
import { TimeSlice } from "../../git/pack/time-slice.js";
import type { KubeObject } from "../../manifest/document.js";
import { displayId } from "../../manifest/object-id.js";
import { isRecord } from "../../manifest/shape.js";
import { hashBody, idOf, type PreparedDocument } from "../../manifest/to-document.js";
import type { RepositoryFiles } from "../compose/model.js";
import { VALUE_KEY } from "../secrets/secret-documents.js";
import { type AppPolicy, policiesIn } from "./app-policies.js";
import { type CoreObject, toPrepared } from "./core-object.js";
import { nameOfValue } from "./describe-issue.js";
import { isForCore, refusalForCore } from "./destination.js";
import { expandApp } from "./expand-app.js";
import { expandNode, expandPolicy, expandRoute } from "./expand-others.js";
import type { Expanded, WrittenCompose } from "./expanded.js";
import { overlayOf, reporterOf } from "./overlay.js";
import { type AppPorts, portClashes } from "./port-clashes.js";
import type { FieldNote, FieldProblem, Findings, Reporter } from "./reporter.js";
import { validateDocument } from "./validate.js";

/** The content of a Compose file, or the reason why it cannot be used. */
export type ComposeFile =
  | { readonly file: string; readonly value: Readonly<Record<string, unknown>> }
  | { readonly problem: string; readonly file?: string; readonly line?: number };

/** Inputs of `expandDocuments`. */
export interface ExpandContext {
  /** Variables of the OverseerApp. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the files in `composeFiles` of a document. */
  readonly composeFilesOf: (document: PreparedDocument) => readonly ComposeFile[];
  /** Returns a file that another one references. `from` is a path in the repository. */
  readonly fileAt: (from: string, named: string) => ComposeFile | undefined;
  /** Reports whether a document depends on other files. */
  readonly readsFiles: (document: PreparedDocument) => boolean;
  /** Returns the files that `env_file` in the Compose documents of a document can mean. */
  readonly envFilesOf: (document: PreparedDocument) => RepositoryFiles | undefined;
}

/** Objects for a Core with notes and problems. Discard the objects if there are problems. */
export interface ExpandedDocuments {
  readonly documents: readonly PreparedDocument[];
  readonly notes: readonly FieldNote[];
  readonly problems: readonly FieldProblem[];
  /** Number of App documents without problems. */
  readonly soundApps: number;
}

/** Maximum total size of all Compose documents of a source. */
const MAX_TOTAL_BYTES = 16 * MAX_COMPOSE_BYTES;

/** Number of problems after which the remaining documents are skipped. */
const MAX_PROBLEMS = 1000;

/**
 * Expands the documents of a source into objects for an Overseer Core, while other work goes on. Collects the problems of all documents.
 */
export async function expandDocuments(
  prepared: readonly PreparedDocument[],
  context: ExpandContext,
): Promise<ExpandedDocuments> {
  const documents: PreparedDocument[] = [];
  const notes: FieldNote[] = [];
  const problems: FieldProblem[] = [];
  const places = new Map<string, string>();
  const published: AppPorts[] = [];
  const sound = new Set<string>();
  const policies = policiesIn(prepared);
  const envKey = canonicalJson([context.env, policies]);
  let total = 0;
  const slice = new TimeSlice();
  for (const document of prepared) {
    if (slice.due) await slice.pause();
    if (problems.length >= MAX_PROBLEMS || total > MAX_TOTAL_BYTES) break;
    const before = known.get(document);
    const clean = before?.envKey === envKey && !before.parts.some(({ key }) => places.has(key)) ? before : undefined;
    const { parts, findings, report } = clean ?? expand(document, { ...context, policies }, envKey);
    for (const { key, report: at, made, bytes, hint, ports } of parts) {
      const first = places.get(key);
      if (first === undefined) places.set(key, at.place);
      else at.problem(`${key} is defined twice, first in ${first}; remove one of the two${hint}`);
      if (ports !== undefined && ports.ports.length > 0) published.push(ports);
      total += bytes;
      documents.push(made);
    }
    if (total > MAX_TOTAL_BYTES) {
      known.delete(document);
      report.problem(
        `with this app, the Compose documents of the source are larger than ${MAX_TOTAL_BYTES} bytes: split the source`,
      );
    }
    notes.push(...findings.notes);
    problems.push(...findings.problems);
    const isApp = parts.some(({ ports }) => ports !== undefined);
    if (isApp && findings.problems.length === 0) sound.add(displayId(idOf(document.object)));
  }
  const clashes = portClashes(published);
  problems.push(...clashes);
  for (const { object } of clashes) sound.delete(object);
  return { documents, notes, problems, soundApps: sound.size };
}

/** The result of expanding one document. */
interface Expansion {
  readonly envKey: string;
  readonly parts: readonly Part[];
  readonly findings: Findings;
  readonly report: Reporter;
}

interface Part {
  /** Kind and name. */
  readonly key: string;
  readonly made: PreparedDocument;
  readonly report: Reporter;
  /** Size of its Compose document. */
  readonly bytes: number;
  readonly hint: string;
  readonly ports: AppPorts | undefined;
}

/**
 * Cached expansions of documents without problems. All renders of an unchanged file share its documents, so that a commit that
 * changes one file expands only that file.
 */
const known = new WeakMap<PreparedDocument, Expansion>();

interface Context extends ExpandContext {
  readonly policies: readonly AppPolicy[];
}

function expand(document: PreparedDocument, context: Context, envKey: string): Expansion {
  const findings: Findings = { problems: [], notes: [] };
  const report = reporterOf(document, findings);
  const parts = expandOne(document, context, report).map(({ object, report: at, places, ports }, index): Part => {
    const source = index === 0 ? document : { ...document, dropped: [] };
    const made = object.kind === "Secret" ? secretOf(object, source) : toPrepared(object, source, places);
    const bytes = object.kind === "App" ? Buffer.byteLength(jsonText(object.spec)) : 0;
    return { key: `${object.kind} ${object.name}`, made, report: at, bytes, hint: hintFor(object.kind), ports };
  });
  const expansion = { envKey, parts, findings, report };
  // Referenced files can change independently, and problems must be reported by every render.
  if (!context.readsFiles(document) && findings.problems.length === 0 && !hasTwins(parts))
    known.set(document, expansion);
  else known.delete(document);
  return expansion;
}

/** A Secret of Kubernetes that becomes a secret of the Core with the same name, with all others of the source. */
function secretOf({ name, spec }: CoreObject, { origin, dropped }: PreparedDocument): PreparedDocument {
  const data = { [VALUE_KEY]: Buffer.from(String(spec.value)).toString("base64") };
  const object: KubeObject = { apiVersion: "v1", kind: "Secret", metadata: { name }, data };
  return { object, origin, bodyHash: hashBody(object), dropped, confidential: true };
}

function hasTwins(parts: readonly Part[]): boolean {
  return new Set(parts.map(({ key }) => key)).size < parts.length;
}

function hintFor(kind: string): string {
  return kind === "App" ? ". A Core knows apps by their name alone, whatever their namespace" : "";
}

function expandOne(document: PreparedDocument, context: Context, report: Reporter): Expanded[] {
  if (!isForCore(document)) {
    report.problem(refusalForCore(document));
    return [];
  }
  const valid = validateDocument(document.object, report);
  switch (valid?.kind) {
    case undefined:
    case "Secret":
      return [];
    case "App": {
      const compose = composeOf(document, valid.spec, context, report);
      const { env, policies } = context;
      return expandApp(valid, { compose, env, envFiles: context.envFilesOf(document), policies }, report);
    }
    case "Route":
      return expandRoute(valid, report);
    case "Node":
      return expandNode(valid, report);
    case "Policy":
      return expandPolicy(valid, report);
  }
}

/** Returns the Compose documents of an App document. Undefined after a problem. */
export function composeOf(
  document: PreparedDocument,
  spec: { readonly compose?: unknown; readonly composeFiles?: unknown },
  context: Pick<ExpandContext, "composeFilesOf" | "fileAt">,
  report: Reporter,
): readonly WrittenCompose[] | undefined {
  const { compose, composeFiles } = spec;
  if ((compose === undefined) === (composeFiles === undefined)) {
    const what = compose === undefined ? "has neither compose nor composeFiles" : "has both compose and composeFiles";
    report.at("spec").problem(`${what}; expected exactly one of them`);
    return undefined;
  }
  const open = (from: string): WrittenCompose["open"] => {
    return (named, at) => {
      const file = context.fileAt(from, named);
      return file && written(file, at);
    };
  };
  const written = (file: ComposeFile, at: Reporter): WrittenCompose | undefined => {
    if ("value" in file) return { value: file.value, report: report.inFile(file.file), open: open(file.file) };
    if (file.file === undefined) at.problem(file.problem);
    else report.inFile(file.file, file.line).problem(file.problem);
    return undefined;
  };
  const override = overrideOf(document, report);
  if (compose !== undefined) {
    const value = compose as WrittenCompose["value"];
    return [{ value, report: report.at("spec", "compose"), open: open(document.origin.file) }, ...override];
  }
  const files = context
    .composeFilesOf(document)
    .map((file, index) => written(file, report.at("spec", "composeFiles", index)));
  const found = files.filter((file) => file !== undefined);
  return found.length < files.length || found.length === 0 ? undefined : [...found, ...override];
}

/** Returns the Compose document of an overlay, which overrides that of the source. */
function overrideOf(document: PreparedDocument, report: Reporter): WrittenCompose[] {
  const overlay = overlayOf(document);
  if (overlay === undefined || !isRecord(overlay.object.spec)) return [];
  const { compose: value } = overlay.object.spec;
  if (value === undefined || value === null) return [];
  const at = report.inFile(overlay.origin.file, overlay.origin.line).at("spec", "compose");
  if (!isRecord(value)) {
    at.problem(`expected a mapping, found ${nameOfValue(value)}`);
    return [];
  }
  const open: WrittenCompose["open"] = (_, from) => {
    from.problem("an overlay cannot extend services of files; write the fields");
    return undefined;
  };
  return [{ value, report: at, open }];
}
