import { DELIMITER, FLUSH, pktLine } from "../protocol/pkt-line.js";
import { HISTORY_REMEDY } from "./history.js";

/** Commits and annotated tags to read without their files. */
export interface HistoryRequest {
  /** Ids of commits or annotated tags. */
  readonly wants: readonly string[];
  /** Number of generations below each of `wants`; 1 is the wanted commit itself. */
  readonly depth: number;
}

/** Objects to receive as one pack. */
export interface PackRequest {
  /** Ids of any objects. */
  readonly wants: readonly string[];
  /** Number of generations below each wanted commit. Defaults to all. */
  readonly depth?: number;
  /** Objects that are omitted unless they are wanted: trees and blobs, or only blobs. Defaults to none. */
  readonly filter?: "tree:0" | "blob:none";
  /** Whether a server without filters is an error; otherwise it sends what should be omitted, too. */
  readonly needsFilter?: boolean;
  /** What to do about a response above the limit. */
  readonly remedy: string;
}

/** Returns the request for a history. */
export function historyRequest({ wants, depth }: HistoryRequest): PackRequest {
  return { wants, depth, filter: "tree:0", remedy: HISTORY_REMEDY };
}

/** Returns the `fetch` command of protocol v2 (gitprotocol-v2); `filters` says whether the server supports them. */
export function packCommand({ wants, depth, filter }: PackRequest, filters: boolean): string {
  return [
    pktLine("command=fetch"),
    DELIMITER,
    pktLine("no-progress"),
    pktLine("ofs-delta"),
    ...(depth === undefined ? [] : [pktLine(`deepen ${depth}`)]),
    ...(filter !== undefined && filters ? [pktLine(`filter ${filter}`)] : []),
    ...wants.map((id) => pktLine(`want ${id}`)),
    pktLine("done"),
    FLUSH,
  ].join("");
}
