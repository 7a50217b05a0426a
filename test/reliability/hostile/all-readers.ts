import type { ReaderGroup } from "./reader.js";
import { documentReaders } from "./readers/documents.js";
import { gitReaders } from "./readers/git.js";
import { liveReaders } from "./readers/live.js";
import { requestReaders } from "./readers/requests.js";

/** Returns every reader of foreign data. Call `stop` at the end. */
export async function allReaders(): Promise<Required<ReaderGroup>> {
  const groups = [gitReaders(), liveReaders(), await documentReaders(), await requestReaders()];
  const stop = async (): Promise<void> => {
    for (const group of groups) await group.stop?.();
  };
  return { readers: groups.flatMap(({ readers }) => readers), stop };
}
