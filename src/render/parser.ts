import { ManifestError, type ManifestProblem } from "../manifest/manifest-error.js";
import type { PreparedDocument } from "../manifest/to-document.js";
import type { ParseLimits, RepeatedKeys } from "../manifest/yaml/parse.js";
import { prepareManifests } from "../manifest/yaml/prepare.js";

/** The text of a file to parse. */
export interface FileText {
  /** Path in the repository. */
  readonly file: string;
  readonly text: string;
  /** Whether keys may stand twice, of which the last counts. Defaults to false. */
  readonly mayRepeatKeys?: boolean;
}

/** What a file holds, or what is wrong with it. Plain data: it crosses threads. */
export type FileOutcome =
  | { readonly ok: true; readonly documents: readonly PreparedDocument[]; readonly repeatsKeys?: true }
  | { readonly ok: false; readonly problems: readonly ManifestProblem[] };

/** Parses files: on this thread or on another. One outcome for each file, in the same order. */
export type ParseFiles = (files: readonly FileText[], limits: ParseLimits) => Promise<FileOutcome[]>;

/** Parses one file here and now. */
export function parseFile({ file, text, mayRepeatKeys = false }: FileText, limits: ParseLimits): FileOutcome {
  const outcome = attempt(text, file, limits, "refused");
  if (outcome.ok || !mayRepeatKeys) return outcome;
  const other = attempt(text, file, limits, "last");
  return other.ok ? { ...other, repeatsKeys: true } : other;
}

function attempt(text: string, file: string, limits: ParseLimits, repeatedKeys: RepeatedKeys): FileOutcome {
  try {
    return { ok: true, documents: prepareManifests(text, file, limits, repeatedKeys) };
  } catch (error) {
    if (error instanceof ManifestError) return { ok: false, problems: error.problems };
    throw error;
  }
}
