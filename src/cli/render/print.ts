import { jsonText } from "../../base/hash.js";
import { type Document, formatOrigin } from "../../manifest/document.js";
import { yamlText } from "../../manifest/yaml/dump.js";
import type { Note } from "../../render/request.js";
import type { Format } from "./options.js";

/**
 * Formats documents in their order: as YAML with the place of each in a comment, as JSON (one object as it is, several as a `List`), or by
 * name, as `kubectl -o name` does.
 */
export function formatDocuments(documents: readonly Document[], format: Format): string {
  if (format === "yaml") return documents.map(asYaml).join("");
  if (format === "name") return documents.map((document) => `${nameOf(document)}\n`).join("");
  const objects = documents.map(({ object }) => object);
  const [only] = objects;
  return `${jsonText(objects.length === 1 ? only : { apiVersion: "v1", kind: "List", items: objects })}\n`;
}

function asYaml({ object, origin }: Document): string {
  // A name of a file may hold a line break, which would end the comment.
  return `---\n# Source: ${formatOrigin(origin).replace(/\p{C}/gu, "?")}\n${yamlText(object)}`;
}

function nameOf({ id: { group, kind, name } }: Document): string {
  const type = group === "" ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`;
  return `${type}/${name}`;
}

/** Formats a note in one line, with its place and object. */
export function formatNote({ origin, object, message }: Note): string {
  return [origin === undefined ? undefined : formatOrigin(origin), object, message].filter(Boolean).join(": ");
}
