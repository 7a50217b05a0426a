import { ManifestError, type ManifestProblem } from "../manifest-error.js";
import { normalize } from "../normalize.js";
import { displayId } from "../object-id.js";
import { hashBody, idOf, type PreparedDocument } from "../to-document.js";
import { describeDuplicate, findDuplicates } from "./duplicates.js";
import { DEFAULT_PARSE_LIMITS, type ParseLimits, parseManifests } from "./parse.js";

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
): PreparedDocument[] {
  const problems: ManifestProblem[] = [];
  const prepared: PreparedDocument[] = [];
  for (const { object: written, origin } of parseManifests(text, file, limits)) {
    const { object, dropped } = normalize(written);
    for (const duplicate of findDuplicates(object)) {
      problems.push({ ...origin, object: displayId(idOf(object)), message: describeDuplicate(duplicate) });
    }
    prepared.push({ object, origin, bodyHash: hashBody(object), dropped });
  }
  if (problems.length > 0) throw new ManifestError(file, problems);
  return prepared;
}
