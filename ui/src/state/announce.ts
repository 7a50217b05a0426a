import { signal } from "@preact/signals";

/** Result of the last action of the user, shown and read aloud until the next one. */
export const announcement = signal<
  { readonly text: string; readonly link?: string; readonly label?: string } | undefined
>(undefined);

/** Shows the result of an action. Errors are shown where they happened, not here. */
export function announce(text: string, link?: { readonly to: string; readonly label: string }): void {
  announcement.value = link === undefined ? { text } : { text, link: link.to, label: link.label };
}
