import { LRUCache } from "lru-cache";
import { mapLimit } from "../base/semaphore.js";
import { isGitError } from "../git/errors.js";
import { ManifestError, type ManifestProblem } from "../manifest/manifest-error.js";
import { recognizeBeginning } from "../manifest/recognize.js";
import { fileTooLarge } from "../manifest/yaml/parse.js";
import type { FileContent } from "../secrets/file-decryptor.js";
import type { RenderLimits } from "./limits.js";
import type { ManifestFile } from "./manifest-files.js";
import { type FileOutcome, type ParseFiles, parseFile } from "./parser.js";
import { RenderError } from "./render-error.js";

/** How much is kept, and who parses what is large. */
export interface ParseCacheOptions {
  /** Estimated heap of what is kept. */
  readonly maxBytes?: number;
  /** For what is too much for this thread. */
  readonly parseElsewhere: ParseFiles;
}

/** More than this, in all files of a render that are not cached, is parsed elsewhere: some 60 ms of this thread. */
const MAX_INLINE_BYTES = 256 * 1024;
/** So much goes to the other thread at a time: it bounds its memory, and other renders get their turn. */
const BATCH_BYTES = 1024 * 1024;
const READS_AT_ONCE = 8;

interface Entry {
  readonly outcome: FileOutcome;
  /** Size of the file. */
  readonly bytes: number;
}

/**
 * Parsed files by content and name: a file that did not change between two commits is neither read nor parsed again, and
 * all renders share the objects. What was encrypted is not kept. Content is named by its Git object id, so nothing ever has to be thrown out of date.
 */
export class ParseCache {
  readonly #entries: LRUCache<string, Entry>;
  readonly #parseElsewhere: ParseFiles;

  constructor({ maxBytes = 32 * 1024 * 1024, parseElsewhere }: ParseCacheOptions) {
    this.#entries = new LRUCache({ maxSize: maxBytes, sizeCalculation: estimateHeap });
    this.#parseElsewhere = parseElsewhere;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#entries.clear();
  }

  /**
   * One outcome for each of `files`, in their order. `read` is called only for what is not here.
   *
   * @throws RenderError when the files together are larger than the limits allow; whatever `read` throws.
   */
  async load(
    files: readonly ManifestFile[],
    read: (file: ManifestFile) => Promise<FileContent>,
    limits: RenderLimits,
  ): Promise<FileOutcome[]> {
    const found = new Map<ManifestFile, Entry>();
    let total = 0;
    const count = (bytes: number): void => {
      total += bytes;
      if (total > limits.maxTotalBytes) throw tooLarge(limits);
    };
    for (const file of files) {
      const entry = this.#entries.get(keyOf(file));
      if (entry) {
        found.set(file, entry);
        count(entry.bytes);
      }
    }
    const missing = files.filter((file) => !found.has(file));
    const texts = await mapLimit(missing, READS_AT_ONCE, async (file): Promise<Loaded> => {
      const content = await readSized(read, file, limits);
      if ("problems" in content) return { file, bytes: 0, secret: false, problems: content.problems };
      const { bytes, secret } = content;
      count(bytes.length);
      return { file, bytes: bytes.length, secret, ...decode(bytes, file, limits) };
    });
    for (const [file, entry] of await this.#parse(texts, limits)) found.set(file, entry);
    return files.map((file) => (found.get(file) as Entry).outcome);
  }

  async #parse(loaded: readonly Loaded[], limits: RenderLimits): Promise<[ManifestFile, Entry][]> {
    const total = loaded.reduce((sum, { bytes }) => sum + bytes, 0);
    const results: [ManifestFile, Entry][] = [];
    for (const batch of inBatches(loaded)) {
      const texts = batch.flatMap(({ file, text }) => (text === undefined ? [] : [{ file: file.file, text }]));
      const outcomes =
        total > MAX_INLINE_BYTES
          ? await this.#parseElsewhere(texts, limits)
          : texts.map((text) => parseFile(text, limits));
      let next = 0;
      for (const { file, bytes, secret, problems } of batch) {
        const outcome = problems === undefined ? (outcomes[next++] as FileOutcome) : { ok: false as const, problems };
        const entry: Entry = { outcome, bytes };
        if (outcome.ok && !secret) this.#entries.set(keyOf(file), entry);
        results.push([file, entry]);
      }
    }
    return results;
  }
}

/** The text of a file, or why it is not parsed. */
type Decoded =
  | { readonly text: string; readonly problems?: undefined }
  | { readonly text?: undefined; readonly problems: readonly ManifestProblem[] };

type Loaded = Decoded & { readonly file: ManifestFile; readonly bytes: number; readonly secret: boolean };

function* inBatches(loaded: readonly Loaded[]): Iterable<Loaded[]> {
  let batch: Loaded[] = [];
  let size = 0;
  for (const item of loaded) {
    if (batch.length > 0 && size + item.bytes > BATCH_BYTES) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(item);
    size += item.bytes;
  }
  if (batch.length > 0) yield batch;
}

/** The content of a file, or why there is none: some are so large that they are not even read, and some cannot be decrypted. */
async function readSized(
  read: (file: ManifestFile) => Promise<FileContent>,
  file: ManifestFile,
  { maxFileBytes }: RenderLimits,
): Promise<FileContent | { readonly problems: readonly ManifestProblem[] }> {
  try {
    return await read(file);
  } catch (error) {
    if (error instanceof ManifestError) return { problems: error.problems };
    if (!isGitError(error, "GIT_TOO_LARGE")) throw error;
    return refused(file, fileTooLarge(maxFileBytes));
  }
}

function decode(bytes: Uint8Array, file: ManifestFile, { maxFileBytes }: RenderLimits): Decoded {
  if (bytes.length > maxFileBytes) return refused(file, fileTooLarge(maxFileBytes, bytes.length));
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const known = recognizeBeginning(Buffer.from(bytes.subarray(0, 64)).toString("latin1"));
    if (known !== undefined) return refused(file, known);
    return refused(file, "the file is not UTF-8 text; save it as UTF-8, or leave it out with source.exclude");
  }
}

function refused({ file }: ManifestFile, message: string): { readonly problems: readonly ManifestProblem[] } {
  return { problems: [{ file, line: 1, message }] };
}

function tooLarge({ maxTotalBytes }: RenderLimits): RenderError {
  const message = `the files of the source are larger than ${maxTotalBytes} bytes together; split the app, narrow source.include, or raise --max-source-bytes of the operator`;
  return new RenderError([{ message }]);
}

function keyOf({ blob, file }: ManifestFile): string {
  return `${blob}:${file}`;
}

/** Parsed YAML takes about four times its text as objects; a document some fixed 600 bytes on top (measured). */
function estimateHeap({ bytes, outcome }: Entry): number {
  return 300 + 4 * bytes + (outcome.ok ? 600 * outcome.documents.length : 0);
}
