import type { PreparedDocument } from "../../manifest/to-document.js";
import type { ManifestFile } from "../manifest-files.js";
import type { FileOutcome } from "../parser.js";
import { fromManifestProblem } from "../render-error.js";
import type { RendererInput, RendererOutput } from "../renderer.js";
import { joinPath } from "../repository-path.js";
import { ComposeFiles, composeFileNamed, type LocatedComposeFile } from "./compose-files.js";
import { expandDocuments } from "./expand-documents.js";
import { FieldLocator } from "./field-locator.js";

/**
 * Expands the documents of a source for an Overseer Core. `outcomes` are those of `files`, which were parsed as manifests. A
 * file that an App names in composeFiles is none, and what was wrong with it as such is forgotten; but what reads as
 * manifests stays, lest an App that names the file of another makes that one vanish.
 */
export async function expandSource(
  input: RendererInput,
  files: readonly ManifestFile[],
  outcomes: readonly FileOutcome[],
): Promise<RendererOutput> {
  const composeFiles = await readComposeFiles(input, outcomes);
  const paths = [...composeFiles.values()].flatMap((found) => found.paths);
  const named = new Set(paths.map((path) => joinPath(input.folder, path)));
  const kept = outcomes.filter((outcome, index) => outcome.ok || !named.has(files[index]?.file ?? ""));
  const documents = kept.flatMap((outcome) => (outcome.ok ? outcome.documents : []));
  const unreadable = kept.flatMap((outcome) => (outcome.ok ? [] : outcome.problems.map(fromManifestProblem)));
  const expanded = expandDocuments(documents, {
    env: input.env,
    composeFileOf: (document) => composeFiles.get(document)?.content,
  });
  const locate = new FieldLocator((file) => readText(file, input, files));
  const problems = await locate.all(expanded.problems);
  return {
    documents: expanded.documents,
    notes: await locate.all(expanded.notes),
    problems: [...unreadable, ...problems],
  };
}

async function readComposeFiles(
  input: RendererInput,
  outcomes: readonly FileOutcome[],
): Promise<ReadonlyMap<PreparedDocument, LocatedComposeFile>> {
  const files = new ComposeFiles(input);
  const found = new Map<PreparedDocument, LocatedComposeFile>();
  for (const document of outcomes.flatMap((outcome) => (outcome.ok ? outcome.documents : []))) {
    const named = composeFileNamed(document);
    if (named !== undefined) found.set(document, await files.find(document, named));
  }
  return found;
}

/** The text of a file of the source again, for the lines of problems; undefined when it cannot be had. */
async function readText(
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
