import type { KubeObject, Origin } from "../document.js";
import { showPath } from "../field-path.js";
import { ManifestError, type ManifestProblem } from "../manifest-error.js";
import { normalize } from "../normalize.js";
import { displayId } from "../object-id.js";
import { hashBody, idOf, type PreparedDocument } from "../to-document.js";
import { describeDuplicate, findDuplicates } from "./duplicates.js";
import { findEncrypted, mayHoldEncrypted } from "./encrypted-values.js";
import { FieldLines } from "./field-lines.js";
import { DEFAULT_PARSE_LIMITS, MAX_PROBLEMS, type ParseLimits, parseManifests, type RepeatedKeys } from "./parse.js";

/**
 * Performs all processing of a file that does not depend on the destination: parses, normalizes, finds duplicates and hashes.
 * The result is cached by blob. Runs in a worker thread.
 *
 * @throws ManifestError with all problems of the file, and no other error.
 */
export function prepareManifests(
  text: string,
  file: string,
  limits: ParseLimits = DEFAULT_PARSE_LIMITS,
  repeatedKeys: RepeatedKeys = "refused",
): PreparedDocument[] {
  const problems: ManifestProblem[] = [];
  const prepared: PreparedDocument[] = [];
  const mayBeEncrypted = mayHoldEncrypted(text);
  const lines = new FieldLines(text);
  for (const { object: written, origin } of parseManifests(text, file, limits, repeatedKeys)) {
    if (problems.length >= MAX_PROBLEMS) break;
    const { object, dropped } = normalize(written);
    for (const duplicate of findDuplicates(object)) {
      problems.push({ ...origin, object: displayId(idOf(object)), message: describeDuplicate(duplicate) });
    }
    if (mayBeEncrypted) problems.push(...encryptedValue(written, origin, lines));
    const before = writtenFields(written, object);
    const kept = before === undefined ? {} : { written: before };
    prepared.push({ object, origin, bodyHash: hashBody(object), dropped, ...kept });
  }
  if (problems.length > 0) throw new ManifestError(file, problems.slice(0, MAX_PROBLEMS));
  return prepared;
}

/** Refuses a value that nothing would decrypt any more: it would be applied as it is. */
function encryptedValue(object: KubeObject, origin: Origin, lines: FieldLines): ManifestProblem[] {
  const path = findEncrypted(object);
  if (path === undefined) return [];
  const { file, line } = origin;
  const at = line === undefined ? {} : { line: lines.lineOf(line, path) };
  const message = `${showPath(path)} is encrypted with SOPS, but the metadata of SOPS is missing, without which it cannot be decrypted: restore what sops wrote, or set source.decryption if the file is encrypted`;
  return [{ file, ...at, object: displayId(idOf(object)), message }];
}

/** Returns the small top-level fields that normalization changed, for what works on documents as they are written. */
function writtenFields(written: KubeObject, object: KubeObject): PreparedDocument["written"] {
  const changed: Record<string, unknown> = {};
  if (!hasSameFields(written.metadata, object.metadata)) changed.metadata = written.metadata;
  if (written.status !== undefined && object.status === undefined) changed.status = written.status;
  if (written.stringData !== undefined && object.stringData === undefined) {
    changed.stringData = written.stringData;
    if (written.data !== undefined) changed.data = written.data;
  }
  return Object.keys(changed).length === 0 ? undefined : changed;
}

function hasSameFields(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
