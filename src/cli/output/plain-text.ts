/** Control characters other than tab and line feed, and characters that reorder text: a terminal would act on them. */
const UNSAFE = /[^\P{Cc}\t\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Replaces what a terminal would act on: commit messages and messages of servers are written by others. */
export function plainText(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
}

/** The same on one line. */
export function oneLine(text: string): string {
  return plainText(text.replaceAll(/\s*[\r\n]+\s*/g, " ").replaceAll("\t", " "));
}
