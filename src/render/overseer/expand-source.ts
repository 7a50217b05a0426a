import { isRecord } from "../../manifest/shape.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import type { RepositoryFiles } from "../compose/model.js";
import type { ReadFile } from "../compose/repository-reader.js";
import type { ManifestFile } from "../manifest-files.js";
import type { FileOutcome } from "../parser.js";
import { fromManifestProblem } from "../render-error.js";
import type { RendererInput, RendererOutput } from "../renderer.js";
import { joinPath } from "../repository-path.js";
import {
  ComposeFiles,
  composeFilesNamed,
  type LocatedComposeFile,
  ownCompose,
  referencedFiles,
} from "./compose-files.js";
import { type PlacedCompose, readEnvFiles } from "./env-files.js";
import { type ComposeFile, expandDocuments } from "./expand-documents.js";
import { FieldLocator } from "./field-locator.js";
import { overlayOf } from "./overlay.js";
import { projectFile } from "./project-file.js";

/** Maximum number of files that the documents of a source can reference in total. */
const MAX_NAMED = 5000;

/**
 * Expands the documents of a source for an Overseer Core. `outcomes` are the results of parsing `files` as manifests. Parse
 * errors of a file that an App lists in composeFiles are dropped. Documents of such a file are kept, so that an App that lists
 * another App's file cannot remove it. `read` returns decrypted files.
 */
export async function expandSource(
  input: RendererInput,
  files: readonly ManifestFile[],
  outcomes: readonly FileOutcome[],
  read: ReadFile,
): Promise<RendererOutput> {
  const composeFiles = await readComposeFiles(input, outcomes);
  const paths = [...composeFiles.values()].flatMap((found) => found.paths);
  const named = new Set(paths.map((path) => joinPath(input.folder, path)));
  const kept = outcomes.filter((outcome, index) => outcome.ok || !named.has(files[index]?.file ?? ""));
  const documents = kept.flatMap((outcome) => (outcome.ok ? outcome.documents : []));
  const unreadable = kept.flatMap((outcome) => (outcome.ok ? [] : outcome.problems.map(fromManifestProblem)));
  const fileAt = (from: string, named: string): ComposeFile | undefined =>
    composeFiles.get(nameKey(from, named))?.content;
  const envFiles = new Map<PreparedDocument, RepositoryFiles>();
  for (const document of documents) {
    const written = composeOf(document, fileAt);
    const found = written.length === 0 ? undefined : await readEnvFiles(document, written, input, read);
    if (found !== undefined) envFiles.set(document, found);
  }
  const expanded = await expandDocuments(documents, {
    env: input.env,
    composeFilesOf: (document) =>
      composeFilesNamed(document).flatMap((named) => fileAt(document.origin.file, named) ?? []),
    fileAt,
    readsFiles: (document) =>
      envFiles.has(document) ||
      composeFilesNamed(document).length > 0 ||
      referencedFiles(ownCompose(document)).length > 0,
    envFilesOf: (document) => envFiles.get(document),
  });
  const locate = new FieldLocator((file) => readText(file, input, files));
  const problems = await locate.all(expanded.problems);
  return {
    documents: expanded.documents,
    notes: await locate.all(expanded.notes),
    problems: [...unreadable, ...problems],
    ...(expanded.soundApps === 0 ? {} : { remark: heldUp(expanded.soundApps) }),
  };
}

/** Returns all Compose documents of an App document, with those that they include or extend; nothing for other documents. */
function composeOf(
  document: PreparedDocument,
  fileAt: (from: string, named: string) => ComposeFile | undefined,
): PlacedCompose[] {
  const { file } = document.origin;
  const found: PlacedCompose[] = [];
  const seen = new Set<string>();
  const add = (from: string, named: readonly string[]): void => {
    for (const name of named) {
      const one = fileAt(from, name);
      if (one === undefined || !("value" in one) || seen.has(one.file)) continue;
      seen.add(one.file);
      found.push({ file: one.file, value: one.value });
      add(one.file, referencedFiles(one.value));
    }
  };
  const overlay = overlayOf(document)?.object.spec;
  for (const value of [ownCompose(document), isRecord(overlay) ? overlay.compose : undefined]) {
    if (value === undefined) continue;
    found.push({ file: projectFile(document), value });
    add(file, referencedFiles(value));
  }
  add(file, composeFilesNamed(document));
  return found;
}

/** Explains the effect of the problems on apps without any. */
export function heldUp(apps: number): string {
  const others = apps === 1 ? "1 other app of this source waits" : `${apps} other apps of this source wait`;
  return `${others} for this: a source is applied as a whole. To keep apps apart, give each a folder and an OverseerApp of its own`;
}

/** Referenced files, by referencing file and reference. */
export type NamedFiles = ReadonlyMap<string, LocatedComposeFile>;

/** Reads the files that App documents reference, and the files that those extend or include. */
export async function readComposeFiles(input: RendererInput, outcomes: readonly FileOutcome[]): Promise<NamedFiles> {
  const files = new ComposeFiles(input);
  const found = new Map<string, LocatedComposeFile>();
  const read = async (from: string, named: readonly string[]): Promise<void> => {
    for (const name of named) {
      const key = nameKey(from, name);
      if (found.has(key) || found.size >= MAX_NAMED) continue;
      const file = await files.find(from, name);
      found.set(key, file);
      const { content } = file;
      if ("value" in content) await read(content.file, referencedFiles(content.value));
    }
  };
  for (const document of outcomes.flatMap((outcome) => (outcome.ok ? outcome.documents : []))) {
    const { file } = document.origin;
    await read(file, [...composeFilesNamed(document), ...referencedFiles(ownCompose(document))]);
  }
  return found;
}

/** Key of a reference in `NamedFiles`. */
export function nameKey(from: string, named: string): string {
  return JSON.stringify([from, named]);
}

/** Reads a file of the source again to find the lines of problems. */
export async function readText(
  file: string,
  { snapshot, folder, files }: RendererInput,
  manifests: readonly ManifestFile[],
): Promise<string | undefined> {
  const blob =
    manifests.find((candidate) => candidate.file === file)?.blob ??
    files.find(({ path }) => joinPath(folder, path) === file)?.blob;
  if (blob === undefined) return undefined;
  return new TextDecoder().decode(await snapshot.readBlob(blob));
}
