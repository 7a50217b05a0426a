import { isSecretName } from "./secret-name.js";

/** The way to a field: keys of mappings and positions in lists. */
export type FieldPath = readonly (string | number)[];

/** Longer keys are cut where they are shown. */
const MAX_KEY = 80;

/** `spec.compose.services.web.ports[0]`; a key that is no plain word stands in brackets and quotes. */
export function showPath(path: FieldPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z0-9_-]{1,80}$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(showKey(step))}]`;
  }
  return text;
}

/** A key as it may be shown: of one that holds a value by mistake, like `NAME=value`, the name alone. */
export function showKey(key: string): string {
  return key.replace(isSecretName(key) ? /[=:\s].*$/s : /[=:].*$/s, "…").slice(0, MAX_KEY);
}
