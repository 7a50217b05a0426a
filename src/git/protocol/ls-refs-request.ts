import { DELIMITER, FLUSH, pktLine } from "./pkt-line.js";

/** Returns the `ls-refs` command of protocol v2 for refs that start with one of `prefixes`. */
export function lsRefsRequest(prefixes: readonly string[]): string {
  const filters = prefixes.map((prefix) => pktLine(`ref-prefix ${prefix}`));
  return [pktLine("command=ls-refs"), DELIMITER, pktLine("peel"), pktLine("symrefs"), ...filters, FLUSH].join("");
}

/** Returns whether all branches or tags are requested instead of single refs. */
export function isWide(prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => prefix.endsWith("/"));
}
