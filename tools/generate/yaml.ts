import { isDeepStrictEqual } from "node:util";
import { CORE_SCHEMA, dump, load, YAML11_SCHEMA } from "js-yaml";

/**
 * A value as YAML that every reader takes for the same value, kubectl's YAML 1.1 as well as a YAML 1.2 editor's. Throws
 * when it would not, so that a word like `on` or `no` in an enum is never a boolean in a cluster.
 */
export function toYaml(value: unknown): string {
  const text = dump(value, { noRefs: true, lineWidth: 110 });
  for (const schema of [CORE_SCHEMA, YAML11_SCHEMA]) {
    if (!isDeepStrictEqual(load(text, { schema }), value))
      throw new Error("the YAML does not read back as what was written");
  }
  return text;
}
