import type { Json } from "../../../base/hash.js";
import { AppSetError } from "../app-set-error.js";
import { isObject, MAX_DEPTH, type ParameterSet } from "../parameters.js";
import { type Part, type Placeholder, parseTemplate, slug } from "./placeholder.js";
import { protectedUse } from "./protected-fields.js";
import { type AppSize, SetSize } from "./size-limits.js";

/** Maximum size of a filled-in text in characters. A few placeholders could otherwise make a text of any size. */
const MAX_TEXT = 256 * 1024;

/**
 * Fills in the placeholders of all strings of a value. Nothing is evaluated: a placeholder is replaced by the parameter that it names,
 * and what a parameter holds is never read as a template.
 *
 * @param field - Field of the template, for messages, for example `spec.template.spec`.
 * @param size - Takes the size of what is filled in. Defaults to that of one app alone.
 * @throws AppSetError naming the field, the parameter and its origin.
 */
export function fillIn(
  value: unknown,
  field: string,
  parameters: ParameterSet,
  size = new SetSize().app(parameters.origin),
): Json {
  return fillInAt(value, { field, path: [], parameters, root: value, size });
}

interface Place {
  readonly field: string;
  readonly path: readonly (string | number)[];
  readonly parameters: ParameterSet;
  readonly root: unknown;
  readonly size: AppSize;
}

function fillInAt(value: unknown, place: Place): Json {
  if (typeof value === "string") return fillInText(value, place);
  place.size.addScalar();
  if (typeof value !== "object" || value === null) return value as Json;
  if (place.path.length > MAX_DEPTH) throw fault(place, `is nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return value.map((item, index) => fillInAt(item, below(place, index)));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      place.size.addText(key);
      if (key.includes("{{")) throw fault(below(place, key), "has a placeholder in its key; only values can have them");
      return [key, fillInAt(item, below(place, key))];
    }),
  );
}

/** A string that consists of one placeholder becomes the value of the parameter, whatever its type. */
function fillInText(text: string, place: Place): Json {
  if (!text.includes("{{")) {
    place.size.addText(text);
    return text;
  }
  const parts = parseTemplate(text);
  if ("fault" in parts) throw fault(place, parts.fault);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== "string") {
    const value = parameterOf(only, place);
    place.size.addValue(value);
    return value;
  }
  // Sizes are added up before anything is joined.
  let length = 0;
  const texts = parts.map((part) => {
    const filled = textOf(part, place);
    length += filled.length;
    if (length > MAX_TEXT) throw fault(place, `becomes longer than ${MAX_TEXT} characters`);
    place.size.addText(filled);
    return filled;
  });
  return texts.join("");
}

function textOf(part: Part, place: Place): string {
  if (typeof part === "string") return part;
  const value = parameterOf(part, place);
  if (typeof value !== "object") return String(value);
  throw fault(
    place,
    `uses {{ ${part.text} }}, which is ${Array.isArray(value) ? "a list" : "an object"} (${place.parameters.origin}): only a string that consists of one placeholder can hold it`,
  );
}

function parameterOf(placeholder: Placeholder, place: Place): Json {
  const { parameters } = place;
  const value = lookUp(parameters.values, placeholder.path);
  if (value === undefined || value === null) {
    throw fault(
      place,
      `uses {{ ${placeholder.text} }}, but ${parameters.origin} has no such parameter${hint(parameters.values, placeholder.path)}`,
    );
  }
  if (parameters.fromGit.has(String(placeholder.path[0]))) {
    const why = protectedUse(place.path, value, place.root);
    if (why !== undefined)
      throw fault(
        place,
        `uses {{ ${placeholder.text} }}, which comes from Git (${parameters.origin}), but ${why}: set it in the template, or from a generator of another kind`,
      );
  }
  if (!placeholder.slug) return value;
  if (typeof value === "object") throw fault(place, `uses "| slug" for {{ ${placeholder.text} }}, which is no text`);
  return slug(String(value));
}

/** Returns a parameter by its path. Only own members count: `constructor` is no parameter. */
function lookUp(values: Json, path: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined = values;
  for (const step of path) {
    if (Array.isArray(at)) at = typeof step === "number" ? at[step] : undefined;
    else at = isObject(at) && Object.hasOwn(at, String(step)) ? at[String(step)] : undefined;
  }
  return at;
}

/** Names the parameters that exist where the path ends. */
function hint(values: Json, path: readonly (string | number)[]): string {
  for (let length = path.length - 1; length >= 0; length--) {
    const parent = lookUp(values, path.slice(0, length));
    if (parent === undefined) continue;
    if (Array.isArray(parent)) return `: ${path.slice(0, length).join(".")} has ${parent.length} items`;
    if (!isObject(parent)) return `: ${path.slice(0, length).join(".")} is no object`;
    const names = Object.keys(parent).sort();
    const shown = names.slice(0, 8).map((name) => name.slice(0, 64));
    if (names.length === 0) return "";
    return `: ${length === 0 ? "it" : path.slice(0, length).join(".")} has ${shown.join(", ")}${names.length > 8 ? ", …" : ""}`;
  }
  return "";
}

function below(place: Place, step: string | number): Place {
  return { ...place, path: [...place.path, step] };
}

function fault({ field, path }: Place, what: string): AppSetError {
  const full = path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${step}`),
    field,
  );
  return new AppSetError("InvalidTemplate", `${full} ${what}`);
}
