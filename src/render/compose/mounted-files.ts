import { sha256 } from "../../base/hash.js";
import type { Reporter } from "../overseer/reporter.js";
import type { AppObjects } from "./app-objects.js";
import type { RepositoryFile } from "./model.js";

/** Maximum size of a ConfigMap or Secret. */
const MAX_BYTES = 2 ** 20;

/** Files that are mounted from a ConfigMap or Secret. */
export interface MountedFiles {
  readonly kind: "ConfigMap" | "Secret";
  /** Name of the object. */
  readonly name: string;
  /** What the files are, like `path conf`. */
  readonly source: string;
  readonly files: readonly RepositoryFile[];
}

/** Names of the files in the object, and a hash of their content. */
export interface StoredFiles {
  /** Items of a volume. */
  readonly items: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly hash: string;
}

/** Adds the object with the files. Undefined after a problem. */
export function storeFiles(
  { kind, name, source, files }: MountedFiles,
  objects: AppObjects,
  report: Reporter,
): StoredFiles | undefined {
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (total > MAX_BYTES) {
    report.problem(
      `has ${total} bytes, and a ${kind} holds at most ${MAX_BYTES}: use a volume, or put the files into an image`,
    );
    return undefined;
  }
  const keys = keysOf(files.map(({ path }) => path));
  const entries = files.map(({ path, bytes, executable }) => ({
    key: keys.get(path) ?? path,
    path,
    bytes,
    executable,
  }));
  objects.add({ apiVersion: "v1", kind, name, source, rest: contentOf(kind, entries) }, report);
  const described = entries.map(({ path, bytes, executable }) => [path, executable, sha256(bytes)]);
  return {
    items: entries.map(({ key, path, executable }) => ({ key, path, ...(executable ? { mode: 0o755 } : {}) })),
    // Short for Secrets: a weak value must not be guessed from the hash.
    hash: sha256(JSON.stringify([name, described]), kind === "Secret" ? 4 : 16),
  };
}

/** Returns a volume with items of an object. */
export function volumeOf(
  kind: MountedFiles["kind"],
  name: string,
  items: StoredFiles["items"],
): Readonly<Record<string, unknown>> {
  return kind === "Secret" ? { secret: { secretName: name, items } } : { configMap: { name, items } };
}

function contentOf(
  kind: MountedFiles["kind"],
  entries: readonly { readonly key: string; readonly bytes: Uint8Array }[],
): Readonly<Record<string, unknown>> {
  if (kind === "Secret")
    return { type: "Opaque", data: Object.fromEntries(entries.map(({ key, bytes }) => [key, base64(bytes)])) };
  const texts = entries.map(({ key, bytes }) => ({ key, bytes, text: textOf(bytes) }));
  const data = texts.flatMap(({ key, text }) => (text === undefined ? [] : [[key, text]]));
  const binaryData = texts.flatMap(({ key, bytes, text }) => (text === undefined ? [[key, base64(bytes)]] : []));
  return {
    ...(data.length === 0 ? {} : { data: Object.fromEntries(data) }),
    ...(binaryData.length === 0 ? {} : { binaryData: Object.fromEntries(binaryData) }),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns a key for each path: letters, digits, and - . _ only, and unique. */
function keysOf(paths: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    paths.map((path) => {
      const plain = path.replaceAll(/[^A-Za-z0-9._-]/g, "_");
      const key =
        plain.length > 200 || taken.has(plain) || /^\.{1,2}$/.test(plain)
          ? `${plain.slice(-180)}-${sha256(path, 8)}`
          : plain;
      taken.add(key);
      return [path, key];
    }),
  );
}
