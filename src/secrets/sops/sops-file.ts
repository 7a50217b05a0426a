import { ManifestError, type ManifestProblem } from "../../manifest/manifest-error.js";

/** A value of a decrypted file. `text` is the value as SOPS writes it; `type` decides how it is written in the format of the file. */
export interface PlainValue {
  readonly type: "str" | "int" | "float" | "bool";
  readonly text: string;
  /** What SOPS hashes: the text, or the content of a file that is no text. */
  readonly bytes: Buffer;
}

/** A value of an encrypted file. */
export interface Leaf {
  /** Keys that lead to the value. Lists add nothing, as in SOPS. */
  readonly path: readonly string[];
  /** One-based line in the file. */
  readonly line: number;
  /** The value as SOPS hashes it; undefined for null, which SOPS does not hash. */
  readonly text: string | undefined;
  /** Whether the value is a string: encrypted values always are. */
  readonly isString: boolean;
}

/** An encrypted file, split into values and metadata. */
export interface SopsFile {
  readonly leaves: readonly Leaf[];
  /** The metadata of SOPS, as the format has it: untrusted. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Line of the metadata. */
  readonly line: number;
  /** Whether the file was encrypted as a whole, and may hold any bytes. */
  readonly isBinary?: boolean;
  /** The file without metadata, with these values in place of the encrypted ones. */
  write(values: ReadonlyMap<Leaf, PlainValue>): Buffer;
}

/** Shortens a path of keys for a message. Keys are no secrets: SOPS does not encrypt them. */
export function showPath(path: readonly string[]): string {
  const text = path.join(".").replace(/\p{Cc}/gu, "?");
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

/** An encrypted file that cannot be decrypted. */
export function sopsError(file: string, problems: readonly Omit<ManifestProblem, "file">[]): ManifestError {
  return new ManifestError(
    file,
    problems.map((problem) => ({ file, ...problem })),
  );
}
