/** A part of a template: text, or the name of a value. */
export type TemplatePart = { readonly text: string } | { readonly value: string };

const TOKEN = /\$\$\{|\$\{([^{}]*)\}/g;

/** Splits a template of a Secret document: `${NAME}` stands for a value, `$${` for the text `${`. */
export function templateParts(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let text = "";
  let at = 0;
  for (const match of template.matchAll(TOKEN)) {
    text += template.slice(at, match.index);
    at = match.index + match[0].length;
    const [, value] = match;
    if (value === undefined) text += "${";
    else {
      if (text !== "") parts.push({ text });
      parts.push({ value });
      text = "";
    }
  }
  text += template.slice(at);
  return text === "" ? parts : [...parts, { text }];
}
