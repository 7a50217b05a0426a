import { DELIMITER, FLUSH, pktLine } from "../protocol/pkt-line.js";

/** Commits and annotated tags to read without their files. */
export interface HistoryRequest {
  /** Ids of commits or annotated tags. */
  readonly wants: readonly string[];
  /** Number of generations below each of `wants`; 1 is the wanted commit itself. */
  readonly depth: number;
}

/**
 * Returns the `fetch` command of protocol v2 for commits and tags (gitprotocol-v2). `filter` leaves out trees and blobs; without it
 * the server sends those too.
 */
export function historyCommand({ wants, depth }: HistoryRequest, filter: boolean): string {
  return [
    pktLine("command=fetch"),
    DELIMITER,
    pktLine("no-progress"),
    pktLine("ofs-delta"),
    pktLine(`deepen ${depth}`),
    ...(filter ? [pktLine("filter tree:0")] : []),
    ...wants.map((id) => pktLine(`want ${id}`)),
    pktLine("done"),
    FLUSH,
  ].join("");
}
