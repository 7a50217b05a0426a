import { messageOf } from "../../../base/errors.js";
import type { Json } from "../../../base/hash.js";
import { readValue } from "../../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../../manifest/yaml/yaml-schema.js";
import { AppSetError } from "../app-set-error.js";
import { isObject, type ParameterSet, toJson } from "../parameters.js";
import { pathParameters } from "./git-folders.js";

/** Maximum size of a file of parameters in bytes. */
export const MAX_FILE_BYTES = 128 * 1024;

/**
 * Reads a file of parameters: an object, or a list of objects, in YAML or JSON.
 *
 * @throws AppSetError naming file and line. It never quotes the content.
 */
export function fileParameters(content: Uint8Array, file: string): ParameterSet[] {
  if (content.byteLength > MAX_FILE_BYTES) {
    throw unusable(file, `has ${content.byteLength} bytes, more than ${MAX_FILE_BYTES}: split it`);
  }
  const value = read(content, file);
  const items = Array.isArray(value) ? value : [value];
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : ".";
  const path = { ...pathParameters(folder), filename: file.slice(file.lastIndexOf("/") + 1) };
  return items.map((item, index) => {
    const origin = Array.isArray(value) ? `file ${file}, item ${index + 1}` : `file ${file}`;
    if (!isObject(item)) throw unusable(file, "must hold an object, or a list of objects");
    if (Object.hasOwn(item, "path")) {
      throw unusable(file, "has the field path, which is the parameter with the path of the file: rename the field");
    }
    return { values: { ...item, path }, fromGit: new Set([...Object.keys(item), "path"]), origin };
  });
}

function read(content: Uint8Array, file: string): Json {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(content);
    return toJson(readValue(text, file, KUBERNETES_SCHEMA));
  } catch (error) {
    if (error instanceof TypeError) throw unusable(file, "is not UTF-8");
    throw new AppSetError("GeneratorFailed", messageOf(error));
  }
}

function unusable(file: string, what: string): AppSetError {
  return new AppSetError("GeneratorFailed", `the file ${file} ${what}`);
}
