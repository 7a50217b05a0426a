import { constructFromEvents, type Schema, YAMLException } from "js-yaml";
import { ManifestError, type ManifestProblem } from "../manifest-error.js";
import { expandedSize } from "./expansion.js";
import { MAX_ALIASES, MAX_EXPANDED } from "./parse.js";
import { readEvents } from "./read-events.js";
import { findUnsafeScalars } from "./scalars.js";
import { countLines, splitDocuments } from "./split.js";
import { reasonWithoutText } from "./yaml-reason.js";

/**
 * Reads a file with a single YAML value that is not a Kubernetes object, with the same limits as manifests.
 *
 * @throws ManifestError and no other error.
 */
export function readValue(text: string, file: string, schema: Schema): unknown {
  const [chunk, second] = splitDocuments(text);
  const fail = (line: number, message: string, column?: number): ManifestError => {
    const problem: ManifestProblem = { file, line, message, ...(column === undefined ? {} : { column }) };
    return new ManifestError(file, [problem]);
  };
  if (chunk === undefined) throw fail(1, "the file is empty");
  if (second !== undefined) throw fail(second.line, "the file holds a second document after ---; expected one");
  try {
    const { text: source, events } = readEvents(chunk.text);
    const [unsafe] = findUnsafeScalars(source, events);
    if (unsafe !== undefined) throw fail(chunk.line + countLines(source, unsafe.offset), unsafe.message);
    const [value] = constructFromEvents(events, { source, schema, maxAliases: MAX_ALIASES });
    if ((expandedSize(value) ?? Number.POSITIVE_INFINITY) > MAX_EXPANDED) {
      throw fail(chunk.line, `the aliases of the file expand to more than ${MAX_EXPANDED} characters`);
    }
    return value;
  } catch (error) {
    if (error instanceof ManifestError) throw error;
    if (!(error instanceof YAMLException)) throw fail(chunk.line, "the YAML cannot be read");
    const { mark } = error;
    throw fail(chunk.line + (mark?.line ?? 0), reasonWithoutText(error.reason), (mark?.column ?? 0) + 1);
  }
}
