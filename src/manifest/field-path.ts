import { isSecretName } from "./secret-name.js";

/** Path of a field: keys of mappings and indexes of lists. */
export type FieldPath = readonly (string | number)[];

/** Maximum length of a displayed key. */
const MAX_KEY = 80;

/** Formats a path: `spec.compose.services.web.ports[0]`. Keys with special characters are quoted in brackets. */
export function showPath(path: FieldPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z0-9_-]{1,80}$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(showKey(step))}]`;
  }
  return text;
}

/** Returns the displayable part of a key: only the name if it contains a value by mistake, as in `NAME=value`. */
export function showKey(key: string): string {
  return key.replace(isSecretName(key) ? /[=:\s].*$/s : /[=:].*$/s, "…").slice(0, MAX_KEY);
}
