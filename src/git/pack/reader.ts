import { applyDelta } from "./delta.js";
import { corrupt, type GitObject, inflateEntry, readEntryHead } from "./entry.js";
import type { Idx } from "./idx.js";
import { objectId } from "./object-id.js";

/** Longest chain of deltas that is followed; Git makes none over 4,095. */
const MAX_CHAIN = 10_000;

/** Bytes `start` to `end` of a pack. */
export type ReadRange = (start: number, end: number) => Promise<Buffer>;

/** Objects that deltas build upon, by pack and offset: similar files are stored as chains of up to 50 deltas. */
export type BaseCache = Pick<Map<string, GitObject>, "get"> & { set(key: string, object: GitObject): unknown };

/** Where the bytes of a pack come from. */
export interface PackSource {
  /** Tells packs apart in `bases`. */
  readonly name: string;
  readonly bytes: number;
  readonly readRange: ReadRange;
  readonly bases?: BaseCache;
}

/** Reads objects out of one pack, wherever its bytes are. */
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
   * The object `id`; undefined when this pack does not hold it. Its id is computed anew from what was read, so a damaged
   * disk gives `GIT_PACK_CORRUPT` and never wrong content.
   */
  async read(id: string): Promise<GitObject | undefined> {
    const at = this.#idx.offsetOf(id);
    if (at === undefined) return undefined;
    const object = await this.#resolve(at);
    if (objectId(object.type, object.content).toString("hex") !== id)
      throw corrupt(`content does not match object id ${id}`);
    return object;
  }

  /** The entry of `id` as it stands in the pack, when that holds the whole object and no delta. */
  async wholeEntry(id: string): Promise<Buffer | undefined> {
    const at = this.#idx.offsetOf(id);
    if (at === undefined) return undefined;
    const bytes = await this.#entry(at);
    return readEntryHead(bytes, 0, at).type === "delta" ? undefined : bytes;
  }

  /** Follows the chain of deltas down to an object that is whole or known, and builds it up again. */
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
