import { isDeepStrictEqual } from "node:util";
import { CORE_SCHEMA, dump, load, YAML11_SCHEMA } from "js-yaml";

/**
 * Converts a value to YAML that YAML 1.1 parsers, like that of kubectl, and YAML 1.2 parsers read identically. Throws
 * otherwise, so that a word like `on` or `no` in an enum never becomes a boolean.
 */
export function toYaml(value: unknown): string {
  const text = dump(value, { noRefs: true, lineWidth: 110 });
  for (const schema of [CORE_SCHEMA, YAML11_SCHEMA]) {
    if (!isDeepStrictEqual(load(text, { schema }), value))
      throw new Error("the generated YAML does not parse to the original value");
  }
  return text;
}
