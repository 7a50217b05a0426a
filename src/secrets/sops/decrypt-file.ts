import { createHash } from "node:crypto";
import type { ManifestProblem } from "../../manifest/manifest-error.js";
import { decryptValue, ENCRYPTED_PREFIX, looksEncrypted, parseEncrypted } from "./encrypted-value.js";
import type { FileKeys } from "./file-keys.js";
import { readJsonFile } from "./json-file.js";
import { readDotenvFile, readIniFile } from "./line-files.js";
import { PatternTooExpensiveError, readMetadata, type SopsMetadata } from "./metadata.js";
import { plainValue } from "./plain-value.js";
import { type Leaf, type PlainValue, type SopsFile, showPath, sopsError } from "./sops-file.js";
import { readYamlFile } from "./yaml-file.js";

/** A file after decryption. */
export interface DecryptedFile {
  readonly bytes: Uint8Array;
  /** The values that were encrypted. */
  readonly secrets: readonly string[];
}

/** Bytes of an encrypted file. It is read on the main thread; a Secret has at most 1 MiB. */
export const MAX_ENCRYPTED_BYTES = 2 * 2 ** 20;
const MAX_PROBLEMS = 20;
/** Hashed first where the MAC covers only encrypted values, so that both kinds of MACs differ. Defined by SOPS: SHA-256 of "sops". */
const ONLY_ENCRYPTED = createHash("sha256").update("sops").digest();

/** Whether a file may be encrypted with SOPS: every such file has an encrypted MAC. */
export function mayBeEncrypted(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(ENCRYPTED_PREFIX);
}

/**
 * Decrypts a file; undefined if it is not encrypted with SOPS. The format is recognized by the content, and the extension decides
 * whether JSON is a document or the envelope of a file that was encrypted as a whole.
 *
 * @throws ManifestError that says what is wrong where, and what to do. Nothing is returned unless the MAC is right.
 */
export async function decryptFile(
  bytes: Uint8Array,
  file: string,
  keysOf: () => Promise<FileKeys | string>,
): Promise<DecryptedFile | undefined> {
  if (!mayBeEncrypted(bytes)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const read = readerOf(text);
  if (read !== undefined && bytes.length > MAX_ENCRYPTED_BYTES) {
    const message = `the encrypted file is larger than ${MAX_ENCRYPTED_BYTES} bytes: split it`;
    throw sopsError(file, [{ line: 1, message }]);
  }
  const parsed = read?.(text, file);
  if (parsed === undefined) {
    refuseStripped(text, file);
    return undefined;
  }
  const { line } = parsed;
  const metadata = readMetadata(parsed.metadata);
  if (typeof metadata === "string") throw sopsError(file, [{ line, message: metadata }]);
  const keys = await keysOf();
  if (typeof keys === "string") throw sopsError(file, [{ line, message: keys }]);
  const key = await keys.dataKey(metadata);
  if (typeof key === "string") throw sopsError(file, [{ line, message: key }]);
  try {
    const values = decryptLeaves(parsed, metadata, key, file);
    return { bytes: parsed.write(values), secrets: [...values.values()].map((value) => value.text) };
  } finally {
    key.fill(0);
  }
}

function isChosen({ isEncrypted }: SopsMetadata, { path }: Leaf, file: string, line: number): boolean {
  try {
    return isEncrypted(path);
  } catch (error) {
    if (!(error instanceof PatternTooExpensiveError)) throw error;
    throw sopsError(file, [{ line, message: error.message }]);
  }
}

function decryptLeaves(
  { leaves, line, isBinary = false }: SopsFile,
  metadata: SopsMetadata,
  key: Uint8Array,
  file: string,
): ReadonlyMap<Leaf, PlainValue> {
  const hash = createHash("sha512");
  if (metadata.macOnlyEncrypted) hash.update(ONLY_ENCRYPTED);
  const values = new Map<Leaf, PlainValue>();
  const problems: Omit<ManifestProblem, "file">[] = [];
  for (const leaf of leaves) {
    const isEncrypted = leaf.text !== undefined && isChosen(metadata, leaf, file, line);
    if (!isEncrypted && leaf.isString && looksEncrypted(leaf.text ?? "")) {
      problems.push({
        line: leaf.line,
        message: `${showPath(leaf.path)} is encrypted, but the rule in the metadata of SOPS says that it is not: restore what sops wrote`,
      });
    } else if (isEncrypted && leaf.text !== "") {
      const value = decryptLeaf(leaf, key, isBinary);
      if ("fault" in value) problems.push({ line: leaf.line, message: `${showPath(leaf.path)} ${value.fault}` });
      else values.set(leaf, value);
    }
    if (problems.length >= MAX_PROBLEMS) break;
    if (!metadata.macOnlyEncrypted || isEncrypted) hash.update(values.get(leaf)?.bytes ?? leaf.text ?? "");
  }
  if (problems.length > 0) throw sopsError(file, problems);
  const mac = parseEncrypted(metadata.mac);
  const expected = mac && decryptValue(mac, key, metadata.lastModified);
  if (expected === undefined)
    throw sopsError(file, [
      {
        line,
        message:
          "mac and lastmodified in the metadata of SOPS do not belong together: one was changed; restore what sops wrote",
      },
    ]);
  if (expected.toString("latin1") !== hash.digest("hex").toUpperCase())
    throw sopsError(file, [
      {
        line,
        message:
          "the values do not match the MAC: values were changed, moved, added or removed without sops, for example by a merge; restore what sops wrote, and use sops edit for changes",
      },
    ]);
  return values;
}

function decryptLeaf(
  { text, isString, path }: Leaf,
  key: Uint8Array,
  isBinary: boolean,
): PlainValue | { readonly fault: string } {
  const encrypted = isString ? parseEncrypted(text ?? "") : undefined;
  if (encrypted === undefined) {
    return looksEncrypted(text ?? "")
      ? { fault: "is not a complete encrypted value: it was cut or changed; restore what sops wrote" }
      : {
          fault:
            "is not encrypted, although the metadata of SOPS says that it is: it was added without sops; encrypt the file again",
        };
  }
  const bytes = decryptValue(encrypted, key, `${path.join(":")}:`);
  if (bytes !== undefined) return plainValue(encrypted.type, bytes, isBinary);
  return {
    fault: "cannot be decrypted: the value was changed, or was moved here from another key; restore what sops wrote",
  };
}

/** The reader for the format of a text; undefined if it has no metadata of SOPS. */
function readerOf(text: string): ((text: string, file: string) => SopsFile | undefined) | undefined {
  if (/^\ufeff?\s*\{/.test(text)) return /"sops"\s*:/.test(text) ? readJsonFile : undefined;
  if (/^sops_mac=/m.test(text)) return readDotenvFile;
  if (/^\[sops\]\s*$/m.test(text)) return readIniFile;
  return /^(?:sops|"sops"|'sops')\s*:/m.test(text) ? readYamlFile : undefined;
}

/** Refuses a file of variables whose metadata was removed: its encrypted values would be used as they are. */
function refuseStripped(text: string, file: string): void {
  if (/\.(?:ya?ml|json)$/.test(file)) return;
  const match = /^[^#;\n=]{1,200}=\s*ENC\[AES256_GCM,data:/m.exec(text);
  if (match === null) return;
  const line = text.slice(0, match.index).split("\n").length;
  throw sopsError(file, [
    {
      line,
      message:
        "the value is encrypted with SOPS, but the file has no metadata of SOPS, without which it cannot be decrypted: restore what sops wrote",
    },
  ]);
}
