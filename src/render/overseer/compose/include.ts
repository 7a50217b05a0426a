import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../../manifest/shape.js";
import { expandedSize } from "../../../manifest/yaml/expansion.js";
import { nameOfValue, unknownField } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { type ComposeScope, resolveExtends, type ServiceLayer } from "./extends.js";
import { mergeDocuments } from "./merge.js";
import type { ComposeLayers } from "./places.js";
import { folderOf, rebaseDocument } from "./rebase.js";
import type { Mapping } from "./shape.js";

/** A Compose document with its `extends` and `include` resolved. */
export interface ResolvedDocument extends ComposeLayers {
  readonly value: Mapping;
}

/** Parts of a document that an `include` brings in. */
const PARTS = ["services", "networks", "volumes", "secrets", "configs"] as const;

/** Maximum number of files that include each other in a row. */
const MAX_DEPTH = 50;

const ENTRY_KEYS = ["path", "project_directory", "env_file"];

/** Resolves documents. Each file is resolved once, regardless of how many others include it. */
export class DocumentResolver {
  readonly #maxSize: number;
  readonly #known = new Map<Mapping, ResolvedDocument>();

  /** @param maxSize limit of the size of a document with all that it extends and includes; see `expandedSize`. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /**
   * Resolves the services that a document extends and the files that it includes, before it is merged with others, as Compose
   * does: what is included must not be defined differently in the document, and its relative paths are those of its own folder.
   * Reports problems; an invalid `include` is omitted.
   */
  resolve(scope: ComposeScope, trail: readonly Mapping[] = []): ResolvedDocument {
    const known = this.#known.get(scope.value);
    if (known !== undefined) return known;
    const { include, ...own } = scope.value;
    const extended = resolveExtends({ ...scope, value: own }, this.#maxSize);
    const services = new Map(extended.layers);
    let documents: readonly ServiceLayer[] = [{ value: scope.value, report: scope.report }];
    let { value } = extended;
    for (const { entry, at } of entriesOf(include, scope.report.at("include"))) {
      const included = this.#included(scope, entry, at, [...trail, scope.value]);
      if (included === undefined) continue;
      value = importInto(value, included.value, at);
      documents = union(documents, included.documents);
      for (const [name, layers] of included.services) if (!services.has(name)) services.set(name, layers);
      if ((expandedSize(value) ?? Number.POSITIVE_INFINITY) <= this.#maxSize) continue;
      at.problem("makes the document larger than the size limit of a Core");
      break;
    }
    const resolved = { value, services, documents };
    this.#known.set(scope.value, resolved);
    return resolved;
  }

  /** Resolves and merges the files of one entry of `include`. */
  #included(
    scope: ComposeScope,
    { files, folder }: Entry,
    at: Reporter,
    trail: readonly Mapping[],
  ): ResolvedDocument | undefined {
    let merged: ResolvedDocument | undefined;
    for (const file of files) {
      const other = scope.open(file, at);
      if (other === undefined) return undefined;
      const isCycle = trail.includes(other.value);
      if (isCycle || trail.length > MAX_DEPTH) {
        at.problem(
          isCycle ? "is a cycle: a file cannot include itself" : `more than ${MAX_DEPTH} files include each other`,
        );
        return undefined;
      }
      const { value, services, documents } = this.resolve(other, trail);
      const moved = rebaseDocument(value, folder);
      merged =
        merged === undefined
          ? { value: moved, services, documents }
          : {
              value: mergeDocuments(merged.value, moved),
              services: withLayers(merged.services, services),
              documents: union(documents, merged.documents),
            };
    }
    return merged;
  }
}

/** Adds the definitions of services in a later file to those of earlier files. */
export function withLayers(
  earlier: ComposeLayers["services"],
  later: ComposeLayers["services"],
): ReadonlyMap<string, readonly ServiceLayer[]> {
  const all = new Map(earlier);
  for (const [name, layers] of later) all.set(name, union(layers, all.get(name) ?? []));
  return all;
}

/** Files that are included on several paths count once: otherwise, each level could double them. */
function union(first: readonly ServiceLayer[], second: readonly ServiceLayer[]): readonly ServiceLayer[] {
  return [...new Set([...first, ...second])];
}

interface Entry {
  readonly files: readonly string[];
  /** The folder that relative paths of the files refer to, relative to the file with the `include`. */
  readonly folder: string;
}

function entriesOf(include: unknown, report: Reporter): { readonly entry: Entry; readonly at: Reporter }[] {
  if (include === undefined || include === null) return [];
  if (!Array.isArray(include)) {
    report.problem(`expected a list of files, found ${nameOfValue(include)}`);
    return [];
  }
  return include.flatMap((item: unknown, index) => {
    const at = report.at(index);
    const entry = entryOf(item, at);
    return entry === undefined ? [] : [{ entry, at }];
  });
}

function entryOf(item: unknown, at: Reporter): Entry | undefined {
  const { path, project_directory: directory, env_file: envFile, ...others } = isRecord(item) ? item : { path: item };
  const files = Array.isArray(path) ? path : [path];
  const [first] = files;
  if (typeof first !== "string" || !files.every((file) => typeof file === "string" && file !== "")) {
    (isRecord(item) ? at.at("path") : at).problem("expected the path of a file, or a list of paths");
    return undefined;
  }
  for (const key of Object.keys(others)) at.at(key).problem(unknownField(key, ENTRY_KEYS));
  if (envFile !== undefined) at.at("env_file").problem("is not supported: set the variables in spec.env of the App");
  if (directory !== undefined && typeof directory !== "string") {
    at.at("project_directory").problem(`expected the path of a folder, found ${nameOfValue(directory)}`);
    return undefined;
  }
  return { files, folder: directory === undefined ? folderOf(first) : directory.replace(/(?<!\/)\/+$/, "") };
}

/** Adds the parts of an included document. Reports what both define differently. */
function importInto(document: Mapping, included: Mapping, at: Reporter): Mapping {
  const result: Record<string, unknown> = { ...document };
  for (const part of PARTS) {
    const theirs = included[part];
    if (!isRecord(theirs)) continue;
    const ours = isRecord(result[part]) ? result[part] : {};
    for (const [name, one] of Object.entries(theirs)) {
      if (!Object.hasOwn(ours, name) || isDeepStrictEqual(ours[name], one)) continue;
      at.problem(
        `${part}.${name} is also defined in this document, and differently; to change what a file defines, add a file with the change to path of this entry`,
      );
    }
    result[part] = { ...theirs, ...ours };
  }
  return result;
}
