/**
 * The parser's reason without the pieces of the file that some of them quote: a password that begins with `*`, `&` or
 * `!` would be named in them.
 */
export function reasonWithoutText(reason: string): string {
  if (reason.startsWith("unidentified alias")) {
    return "a value that begins with `*` is an alias, and nothing has that anchor; put the value in quotes";
  }
  if (reason.startsWith("cannot resolve a node")) return "the value does not fit its explicit tag";
  const cut = /[:<"]/.exec(reason);
  return cut && !/^(?:expected|a key may)/.test(reason) ? reason.slice(0, cut.index).replace(/[\s!]+$/, "") : reason;
}
