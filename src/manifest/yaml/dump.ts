import { randomUUID } from "node:crypto";
import { DUMP_SCHEMA, dump, type ScalarTagDefinition, Schema } from "js-yaml";
import { isRecord } from "../shape.js";

const INT = "tag:yaml.org,2002:int";
const intTag = DUMP_SCHEMA.tags.find(({ tagName }) => tagName === INT) as ScalarTagDefinition<unknown>;

/** Integers, and those beyond 2^53, which the reader of manifests reads as bigints. */
const integerTag = {
  ...intTag,
  identify: (value: unknown) => typeof value === "bigint" || intTag.identify(value),
  represent: (value: unknown) => String(value),
};

const SCHEMA = new Schema([...DUMP_SCHEMA.tags, integerTag]);

/** Length of a text from which it is written as a JSON string, which is YAML too: regular expressions of the formatter overflow the stack. */
const LONG = 2 ** 18;

/** Formats a value as YAML that YAML 1.1 and 1.2 read alike: strings that either takes for another type are quoted. */
export function yamlText(value: unknown): string {
  const mark = `long-text-${randomUUID()}-`;
  const long: string[] = [];
  const text = dump(withoutLong(value, mark, long), { schema: SCHEMA, lineWidth: -1, noRefs: true });
  if (long.length === 0) return text;
  return text.replace(new RegExp(`${mark}(\\d+)`, "g"), (_, at: string) => JSON.stringify(long[Number(at)]));
}

/** Returns a value with marks in place of long texts, which are added to `long`. */
function withoutLong(value: unknown, mark: string, long: string[]): unknown {
  if (typeof value === "string") return value.length < LONG ? value : `${mark}${long.push(value) - 1}`;
  if (Array.isArray(value)) return value.map((item) => withoutLong(item, mark, long));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutLong(item, mark, long)]));
}
