/**
 * At most `max` characters, the last of them an ellipsis when something was cut. No half of a surrogate pair is left, neither at
 * the cut nor elsewhere: the API server would store another character than the one that was sent, and a status would
 * look changed for ever.
 */
export function cutText(text: string, max: number): string {
  const cut = text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
  return cut.replace(LONE_SURROGATE, "\ufffd");
}

/** With the flag u, a pair is one character and does not match. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** At most `max` characters, of which the middle went: both ends tell what a text is about. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return cutText(text, max);
  const tail = Math.floor((max - 1) / 3);
  const head = text.slice(0, max - 1 - tail).replace(/[\ud800-\udbff]$/, "");
  return cutText(`${head}…${text.slice(text.length - tail).replace(/^[\udc00-\udfff]/, "")}`, max);
}
