import { MAX_COMPOSE_BYTES } from "../../api/core/app.js";
import type { DocumentKind } from "../../api/documents/documents.js";
import { DOCUMENT_API_VERSION } from "../../api/documents/group.js";
import { ManifestError } from "../../manifest/manifest-error.js";
import { recognizePointer } from "../../manifest/recognize.js";
import { isRecord } from "../../manifest/shape.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { DOCUMENT_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import { closest } from "../closest.js";
import type { SourceFile } from "../links.js";
import type { RendererInput } from "../renderer.js";
import { joinPath, nameOf, resolveTarget } from "../repository-path.js";
import { nameOfValue } from "./describe-issue.js";
import type { ComposeFile } from "./expand-documents.js";

const APP: DocumentKind = "App";

/** Returns the composeFiles of an App document; empty for other documents. */
export function composeFilesNamed(document: PreparedDocument): readonly string[] {
  const { composeFiles } = appSpec(document);
  return Array.isArray(composeFiles) ? composeFiles.filter((file) => typeof file === "string").slice(0, MAX_FILES) : [];
}

/** Returns the inline Compose document of an App document. */
export function ownCompose(document: PreparedDocument): unknown {
  return appSpec(document).compose;
}

/** Returns the files that a Compose document includes, and those whose services it extends. */
export function referencedFiles(compose: unknown): string[] {
  const include = isRecord(compose) && Array.isArray(compose.include) ? compose.include : [];
  const included = include.flatMap((item: unknown) => (isRecord(item) ? item.path : item));
  const services = isRecord(compose) && isRecord(compose.services) ? Object.values(compose.services) : [];
  const files = services.flatMap((service) => {
    const base = isRecord(service) && isRecord(service.extends) ? service.extends.file : undefined;
    return typeof base === "string" ? [base] : [];
  });
  return [...new Set([...included.filter((file) => typeof file === "string"), ...files])].slice(0, MAX_FILES);
}

function appSpec({ object }: PreparedDocument): Readonly<Record<string, unknown>> {
  const isApp = object.apiVersion === DOCUMENT_API_VERSION && object.kind === APP;
  return isApp && isRecord(object.spec) ? object.spec : {};
}

/** The result of looking up a Compose file. */
export interface LocatedComposeFile {
  /** Paths of the file and of a symbolic link to it, relative to the source. They are not manifests. */
  readonly paths: readonly string[];
  readonly content: ComposeFile;
}

/** Maximum number of files that one document can reference. */
const MAX_FILES = 50;

/** Maximum number of missing files with a suggestion: computing one is expensive. */
const MAX_HINTS = 20;

/** Finds Compose files in a source. Each file is read and parsed once. */
export class ComposeFiles {
  readonly #input: RendererInput;
  readonly #byPath: ReadonlyMap<string, SourceFile>;
  readonly #parsed = new Map<string, ComposeFile>();
  #hints = 0;

  constructor(input: RendererInput) {
    this.#input = input;
    this.#byPath = new Map(input.files.map((file) => [file.path, file]));
  }

  /**
   * Looks up a file by a path relative to the folder of `from`, a path in the repository. The file must be part of the source.
   * Symbolic links are followed.
   */
  async find(from: string, named: string): Promise<LocatedComposeFile> {
    const { folder } = this.#input;
    const wrong = (problem: string): LocatedComposeFile => ({ paths: [], content: { problem } });
    const own = folder === "" ? from : from.slice(folder.length + 1);
    const target = resolveTarget(own, named);
    if (target === undefined) return wrong("is outside of the source; use a file below source.path");
    const entry = this.#byPath.get(target);
    if (entry === undefined) return wrong(`there is no such file in the source${this.#hintFor(target)}`);
    if (entry.kind === "submodule") return wrong("is a submodule; name a file of this repository");
    if (entry.fault !== undefined || entry.kind === "symlink") return wrong(entry.fault ?? "is a symbolic link");
    const real = entry.linked === undefined ? [] : [below(folder, entry.linked) ?? entry.path];
    return { paths: [entry.path, ...real], content: await this.#read(entry) };
  }

  async #read({ path, blob }: SourceFile): Promise<ComposeFile> {
    const known = this.#parsed.get(path);
    if (known !== undefined) return known;
    const file = joinPath(this.#input.folder, path);
    const bytes = await this.#input.snapshot.readBlob(blob);
    const isTooLarge = bytes.length > MAX_COMPOSE_BYTES;
    const content: ComposeFile = isTooLarge
      ? { file, problem: `the file is larger than ${MAX_COMPOSE_BYTES} bytes` }
      : parse(bytes, file);
    this.#parsed.set(path, content);
    return content;
  }

  #hintFor(target: string): string {
    if (this.#input.anyName) return ": source.path names one file; name its folder";
    if (++this.#hints > MAX_HINTS) return "";
    const paths = [...this.#byPath.keys()];
    const near = paths.find((path) => nameOf(path) === nameOf(target)) ?? closest(target, paths);
    return near === undefined ? "" : `; did you mean ${near}?`;
  }
}

/** Converts a repository path to a path relative to a folder. Undefined if it is not below the folder. */
function below(folder: string, path: string): string | undefined {
  if (folder === "") return path;
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}

function parse(bytes: Uint8Array, file: string): ComposeFile {
  const pointer = recognizePointer(bytes);
  if (pointer !== undefined) return { file, problem: pointer, line: 1 };
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
