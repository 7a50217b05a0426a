import type { DocumentKind } from "../../api/documents/documents.js";
import { DOCUMENT_API_VERSION } from "../../api/documents/group.js";
import type { TreeFile } from "../../git/engine.js";
import { ManifestError } from "../../manifest/manifest-error.js";
import { readValue } from "../../manifest/read-value.js";
import { isRecord } from "../../manifest/shape.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import { DOCUMENT_SCHEMA } from "../../manifest/yaml-schema.js";
import { closest } from "../closest.js";
import { followLink } from "../manifest-files.js";
import type { RendererInput } from "../renderer.js";
import { joinPath, nameOf, resolveTarget } from "../repository-path.js";
import { nameOfValue } from "./describe-issue.js";
import type { ComposeFile } from "./expand-documents.js";

const APP: DocumentKind = "App";

/** The one file that an App document names in composeFiles; undefined for all others. */
export function composeFileNamed({ object }: PreparedDocument): string | undefined {
  if (object.apiVersion !== DOCUMENT_API_VERSION || object.kind !== APP || !isRecord(object.spec)) return undefined;
  const { composeFiles } = object.spec;
  const first: unknown = Array.isArray(composeFiles) ? composeFiles[0] : undefined;
  return typeof first === "string" ? first : undefined;
}

/** A compose file that was looked for: where it was found, below the source, and what it holds. */
export interface LocatedComposeFile {
  /** Paths, relative to the source, of the file and of the link that leads to it: neither is a manifest. */
  readonly paths: readonly string[];
  readonly content: ComposeFile;
}

/**
 * Reads the file that a document names, relative to the document's own. It has to be one of the source's files, which are
 * all that a render may look at; symbolic links are followed within the source.
 */
export async function readComposeFile(
  document: PreparedDocument,
  named: string,
  { snapshot, folder, files, limits }: Pick<RendererInput, "snapshot" | "folder" | "files" | "limits">,
): Promise<LocatedComposeFile> {
  const wrong = (problem: string): LocatedComposeFile => ({ paths: [], content: { problem } });
  const own = folder === "" ? document.origin.file : document.origin.file.slice(folder.length + 1);
  const target = resolveTarget(own, named);
  if (target === undefined) return wrong("leads out of the source; name a file below source.path");
  const byPath = new Map(files.map((file) => [file.path, file]));
  const entry = byPath.get(target);
  if (entry === undefined) return wrong(`there is no such file in the source${hint(target, files)}`);
  if (entry.kind === "submodule") return wrong("is a submodule; name a file of this repository");
  const end = entry.kind === "symlink" ? await followLink(entry, byPath, snapshot) : entry;
  if (typeof end === "string") return wrong(end);
  const bytes = await snapshot.readBlob(end.blob);
  const file = joinPath(folder, end.path);
  const content = bytes.length > limits.maxFileBytes ? tooLarge(file, limits.maxFileBytes) : parse(bytes, file);
  return { paths: [entry.path, end.path], content };
}

function hint(target: string, files: readonly TreeFile[]): string {
  const name = nameOf(target);
  const near =
    files.find(({ path }) => nameOf(path) === name)?.path ??
    closest(
      target,
      files.map(({ path }) => path),
    );
  return near === undefined ? "" : `; did you mean ${near}?`;
}

function tooLarge(file: string, maxBytes: number): ComposeFile {
  return { file, problem: `the file is larger than ${maxBytes} bytes` };
}

function parse(bytes: Uint8Array, file: string): ComposeFile {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { file, problem: "the file is not UTF-8 text" };
  }
  try {
    const value = readValue(text, file, DOCUMENT_SCHEMA);
    return isRecord(value)
      ? { file, value }
      : { file, problem: `expected a Compose document, found ${nameOfValue(value)}` };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    const [first] = error.problems;
    return { file, problem: first?.message ?? "cannot be read", line: first?.line ?? 1 };
  }
}
