/**
 * Truncates a text to `max` characters, ending with an ellipsis. Unpaired surrogates are replaced: the API server would store
 * another character, and the status would differ at every comparison.
 */
export function cutText(text: string, max: number): string {
  const cut = text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
  return cut.replace(LONE_SURROGATE, "\ufffd");
}

/** With the u flag, a surrogate pair is one character and does not match. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Truncates a text to `max` characters in the middle: both ends carry information. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return cutText(text, max);
  const tail = Math.floor((max - 1) / 3);
  const head = text.slice(0, max - 1 - tail).replace(/[\ud800-\udbff]$/, "");
  return cutText(`${head}…${text.slice(text.length - tail).replace(/^[\udc00-\udfff]/, "")}`, max);
}
