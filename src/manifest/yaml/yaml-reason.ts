/**
 * Removes quoted parts of the file from a parser message: a password that starts with `*`, `&` or `!` could be one of them.
 */
export function reasonWithoutText(reason: string): string {
  if (reason.startsWith("unidentified alias")) {
    return "a value that begins with `*` is an alias, and nothing has that anchor; put the value in quotes";
  }
  if (reason.startsWith("cannot resolve a node")) return "the value does not fit its explicit tag";
  const cut = /[:<"]/.exec(reason);
  return cut && !/^(?:expected|a key may)/.test(reason) ? reason.slice(0, cut.index).replace(/[\s!]+$/, "") : reason;
}
