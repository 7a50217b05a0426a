import type { Note } from "../request.js";
import type { FoundUse } from "./inspect.js";

/** A note about a template that renders a key twice. */
export function repeatedKey(file: string): Note {
  return { origin: { file }, message: "renders a key twice in one object: the last value is used, as Helm does" };
}

/** What templates, and values that are rendered as such, do that gives other results than people expect. */
export function notesOf(uses: readonly FoundUse[]): Note[] {
  return uses.flatMap(({ lookup, random, unvalidated, ...place }) => [
    ...(lookup
      ? [noteOf(place, "uses lookup, which finds nothing here: charts are rendered without access to the cluster")]
      : []),
    ...(random
      ? [noteOf(place, "uses a random function or the time: whenever the inputs change, the result is another one")]
      : []),
    ...(unvalidated === undefined
      ? []
      : [noteOf(place, `${unvalidated}: values are not compared with the schemas of this chart`)]),
  ]);
}

function noteOf({ file, name }: Pick<FoundUse, "file" | "name">, message: string): Note {
  return file === undefined ? { message: `${name ?? "a value"} ${message}` } : { origin: { file }, message };
}
