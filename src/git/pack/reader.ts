import { applyDelta } from "./delta.js";
import { corrupt, type GitObject, inflateEntry, readEntryHead } from "./entry.js";
import type { Idx } from "./idx.js";
import { objectId } from "./object-id.js";

/** Maximum length of a delta chain; Git creates at most 4,095. */
const MAX_CHAIN = 10_000;

/** Reads the bytes `start` to `end` of a pack. */
export type ReadRange = (start: number, end: number) => Promise<Buffer>;

/** Cache of delta bases, by pack and offset: similar files are stored as chains of up to 50 deltas. */
export type BaseCache = Pick<Map<string, GitObject>, "get"> & { set(key: string, object: GitObject): unknown };

/** Source of a pack's bytes. */
export interface PackSource {
  /** Identifies the pack in `bases`. */
  readonly name: string;
  readonly bytes: number;
  readonly readRange: ReadRange;
  readonly bases?: BaseCache;
}

/** Reads objects from one pack. */
export class PackReader {
  readonly #idx: Idx;
  readonly #source: PackSource;

  constructor(idx: Idx, source: PackSource) {
    this.#idx = idx;
    this.#source = source;
  }

  contains(id: string): boolean {
    return this.#idx.offsetOf(id) !== undefined;
  }

  /**
   * Reads the object `id`; undefined if this pack does not contain it. The id is recomputed from the content, so a damaged disk
   * causes `GIT_PACK_CORRUPT` and never wrong content.
   */
  async read(id: string): Promise<GitObject | undefined> {
    const at = this.#idx.offsetOf(id);
    if (at === undefined) return undefined;
    const object = await this.#resolve(at);
    if (objectId(object.type, object.content).toString("hex") !== id)
      throw corrupt(`content does not match object id ${id}`);
    return object;
  }

  /** Returns the raw pack entry of `id`; undefined if it is a delta. */
  async wholeEntry(id: string): Promise<Buffer | undefined> {
    const at = this.#idx.offsetOf(id);
    if (at === undefined) return undefined;
    const bytes = await this.#entry(at);
    return readEntryHead(bytes, 0, at).type === "delta" ? undefined : bytes;
  }

  /** Follows the delta chain to a complete or cached object and applies the deltas to it. */
  async #resolve(offset: number): Promise<GitObject> {
    const deltas: { readonly at: number; readonly data: Buffer }[] = [];
    let object = this.#known(offset);
    for (let at = offset; object === undefined; object = this.#known(at)) {
      const bytes = await this.#entry(at);
      const head = readEntryHead(bytes, 0, at);
      const { data } = inflateEntry(bytes, head);
      if (head.type !== "delta") {
        object = { type: head.type, content: data };
        if (deltas.length > 0) this.#remember(at, object);
        break;
      }
      deltas.push({ at, data });
      const base = typeof head.base === "string" ? this.#idx.offsetOf(head.base) : head.base;
      if (base === undefined || deltas.length > MAX_CHAIN) throw corrupt("missing delta base");
      at = base;
    }
    for (const { at, data } of deltas.reverse()) {
      object = { type: object.type, content: applyDelta(object.content, data) };
      this.#remember(at, object);
    }
    return object;
  }

  #known(at: number): GitObject | undefined {
    return this.#source.bases?.get(`${at} ${this.#source.name}`);
  }

  #remember(at: number, object: GitObject): void {
    this.#source.bases?.set(`${at} ${this.#source.name}`, object);
  }

  #entry(at: number): Promise<Buffer> {
    const { bytes, readRange } = this.#source;
    return readRange(at, this.#idx.endOf(at, bytes));
  }
}
