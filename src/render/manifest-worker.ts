/**
 * Entry point of the worker thread that parses manifests. It answers each request with one message. Answers are
 * JSON text: it is read back several times faster than a structured clone, and its strings do not hold on to the source. What
 * holds bigints, which JSON cannot carry, is cloned.
 */
import { parentPort } from "node:worker_threads";
import { messageOf } from "../base/errors.js";
import { type FileOutcome, parseFile } from "./parser.js";
import type { ParseAnswer, ParseRequest } from "./parser-thread.js";

parentPort?.on("message", ({ files, limits }: ParseRequest) => {
  let response: ParseAnswer;
  try {
    response = { outcomes: carried(files.map((file) => parseFile(file, limits))) };
  } catch (error) {
    response = { fault: messageOf(error) };
  }
  parentPort?.postMessage(response);
});

function carried(outcomes: FileOutcome[]): string | FileOutcome[] {
  try {
    return JSON.stringify(outcomes);
  } catch {
    return outcomes;
  }
}
