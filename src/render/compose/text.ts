/** A part of a string: text, or the name of a secret. */
export type TextPart = { readonly text: string } | { readonly secret: string };

const TOKEN = /\$\$|\$\{SECRET:([^{}]*)\}/g;

/** Splits an interpolated string into text and references to secrets. In the argument, `$$` is a dollar sign: see `Interpolated`. */
export function partsOf(escaped: string): readonly TextPart[] {
  if (!escaped.includes("$")) return escaped === "" ? [] : [{ text: escaped }];
  const parts: TextPart[] = [];
  let text = "";
  let at = 0;
  for (const match of escaped.matchAll(TOKEN)) {
    text += escaped.slice(at, match.index);
    at = match.index + match[0].length;
    const [, secret] = match;
    if (secret === undefined) text += "$";
    else {
      if (text !== "") parts.push({ text });
      parts.push({ secret });
      text = "";
    }
  }
  text += escaped.slice(at);
  return text === "" ? parts : [...parts, { text }];
}

/** Returns an interpolated string as plain text. References to secrets stay as they are written. */
export function unescapeText(escaped: string): string {
  return partsOf(escaped)
    .map((part) => ("text" in part ? part.text : `\${SECRET:${part.secret}}`))
    .join("");
}

/**
 * Joins parts to a string in which Kubernetes expands the references only: it replaces `$(NAME)` in commands, arguments,
 * variables and probes, and reads `$$` as a dollar sign. `variable` returns the name of the variable that holds a secret.
 */
export function expandable(parts: readonly TextPart[], variable: (secret: string) => string): string {
  return parts
    .map((part, index) => {
      if ("secret" in part) return `$(${variable(part.secret)})`;
      const before = parts[index + 1];
      return escapeExpansion(part.text, before !== undefined && "secret" in before);
    })
    .join("");
}

/** Escapes plain text for Kubernetes: a dollar sign is doubled where it would start a reference or an escape. */
export function escapeExpansion(text: string, beforeReference = false): string {
  if (!text.includes("$")) return text;
  return text.replaceAll(/\$(?=(.?))/gs, (_, next: string) => {
    const startsReference = next === "(" || next === "$" || (next === "" && beforeReference);
    return startsReference ? "$$" : "$";
  });
}

/** Formats a scalar of YAML as Compose does: numbers in their shortest form. */
export function scalarText(value: unknown): string {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 6) return String(value);
  return value.toExponential().replace(/e([-+])([0-9])$/, "e$10$2");
}
