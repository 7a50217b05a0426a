import type { GitSnapshot } from "../../../git/engine.js";
import type { FieldPlace, Origin } from "../../../manifest/document.js";
import { FieldLines } from "../../../manifest/yaml/field-lines.js";
import { resolvePath } from "../../../render/links.js";

/** Finds the lines of fields in the files of a commit. Reads each file at most once, and only for messages. */
export class FieldLineFinder {
  readonly #snapshot: GitSnapshot | undefined;
  readonly #files = new Map<string, FieldLines | undefined>();

  constructor(snapshot: GitSnapshot | undefined) {
    this.#snapshot = snapshot;
  }

  /** Returns the line of a field, or that of the document if the file cannot be read. */
  async find({ origin, path }: FieldPlace): Promise<Origin> {
    const { file, line } = origin;
    if (path.length === 0 || line === undefined) return origin;
    if (!this.#files.has(file)) this.#files.set(file, await this.#linesOf(file));
    return { file, line: this.#files.get(file)?.lineOf(line, path) ?? line };
  }

  async #linesOf(file: string): Promise<FieldLines | undefined> {
    const snapshot = this.#snapshot;
    try {
      if (snapshot === undefined) return undefined;
      const found = await resolvePath(snapshot, file);
      if (found.kind !== "found" || found.entry.kind !== "file") return undefined;
      return new FieldLines(new TextDecoder().decode(await snapshot.readBlob(found.entry.id)));
    } catch {
      return undefined;
    }
  }
}
