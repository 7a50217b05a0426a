/**
 * Entry point of the worker thread that parses manifests. It answers each request with one message, in order. Answers are
 * JSON text: it is read back several times faster than a structured clone, and its strings do not hold on to the source.
 */
import { parentPort } from "node:worker_threads";
import { messageOf } from "../base/errors.js";
import { parseFile } from "./parser.js";
import type { ParseAnswer, ParseRequest } from "./parser-thread.js";

parentPort?.on("message", ({ id, files, limits }: ParseRequest) => {
  let answer: ParseAnswer;
  try {
    answer = { id, outcomes: JSON.stringify(files.map((file) => parseFile(file, limits))) };
  } catch (error) {
    answer = { id, fault: messageOf(error) };
  }
  parentPort?.postMessage(answer);
});
