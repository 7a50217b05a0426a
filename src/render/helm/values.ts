import { ManifestError } from "../../manifest/manifest-error.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import type { ChartValues } from "../external-values.js";

/** Reads values that come from an object of the cluster. Text that is not YAML is returned as words. */
export function readChartValues({ text }: Pick<ChartValues, "text">): unknown {
  try {
    return readValue(text, "values", KUBERNETES_SCHEMA);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return text.split(/\s+/);
  }
}

/**
 * The values of a chart, as YAML, in which one value stands at a path, as `helm --set` reads both: a dot that is no separator
 * is written as `\.`; `true`, `false`, `null` and integers without leading zeros are no strings. In quotes, the value is a string.
 */
export function valuesAt(path: string, value: string): string {
  const names = path.split(/(?<!\\)\./).map((name) => name.replaceAll("\\.", "."));
  return JSON.stringify(names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), typedValue(value)));
}

function typedValue(value: string): unknown {
  const quoted = /^(?:"([\s\S]*)"|'([\s\S]*)')$/.exec(value);
  if (quoted) return quoted[1] ?? quoted[2];
  const word = value.toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  if (word === "null") return null;
  // As text, integers beyond 2^53 keep their digits.
  const number = Number(value);
  return /^(?:0|[1-9]\d*|[-+]\d+)$/.test(value) && Number.isSafeInteger(number) ? number + 0 : value;
}
