/** Control characters other than tab and line feed, and characters that reorder text or direct how it is read. */
const HIDDEN = /[^\P{Cc}\t\n]|[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Returns a text with characters that would change how others are displayed as `⟨U+202E⟩`: what is reviewed is what is applied. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
