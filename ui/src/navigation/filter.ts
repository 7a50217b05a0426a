/** A term of a filter; quoted values may contain spaces. */
const TERM = /-?(?:[a-zA-Z]+:)?(?:"(?:[^"\\]|\\.)*"|\S+)/g;

/** Returns the terms of a filter like `health:degraded web`. */
export function termsOf(filter: string): string[] {
  return filter.match(TERM) ?? [];
}

/** Returns the term for a value of a field, as filters write it. */
export function termFor(key: string, value: string): string {
  const plain = value.toLowerCase();
  return `${key}:${/[\s,"]/.test(plain) ? JSON.stringify(plain) : plain}`;
}

/** Whether a filter has a term. */
export function hasTerm(filter: string, term: string): boolean {
  return termsOf(filter).some((one) => one.toLowerCase() === term);
}

/** Returns the filter with a term, or without it if it has it. */
export function toggleTerm(filter: string, term: string): string {
  const terms = termsOf(filter);
  const without = terms.filter((one) => one.toLowerCase() !== term);
  return (without.length < terms.length ? without : [...terms, term]).join(" ");
}

/** Returns the filter with this value of a field as the only one; an empty value removes the field. */
export function setTerm(filter: string, key: string, value: string): string {
  const others = termsOf(filter).filter((one) => !one.toLowerCase().startsWith(`${key}:`));
  return (value === "" ? others : [...others, termFor(key, value)]).join(" ");
}

/** Returns the value of a field in a filter, if there is just one. */
export function termValue(filter: string, key: string): string {
  const found = termsOf(filter).filter((one) => one.toLowerCase().startsWith(`${key}:`));
  const [only = ""] = found.length === 1 ? found : [];
  return only.slice(key.length + 1).replace(/^"(.*)"$/, "$1");
}
