import { DUMP_SCHEMA, dump, type ScalarTagDefinition, Schema } from "js-yaml";

const INT = "tag:yaml.org,2002:int";
const intTag = DUMP_SCHEMA.tags.find(({ tagName }) => tagName === INT) as ScalarTagDefinition<unknown>;

/** Integers, and those beyond 2^53, which the reader of manifests reads as bigints. */
const integerTag = {
  ...intTag,
  identify: (value: unknown) => typeof value === "bigint" || intTag.identify(value),
  represent: (value: unknown) => String(value),
};

const SCHEMA = new Schema([...DUMP_SCHEMA.tags, integerTag]);

/** Formats a value as YAML that YAML 1.1 and 1.2 read alike: strings that either takes for another type are quoted. */
export function yamlText(value: unknown): string {
  return dump(value, { schema: SCHEMA, lineWidth: -1, noRefs: true });
}
