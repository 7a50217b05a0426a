/** A commit of a first-parent line, and the key of the app's inputs at it. */
export interface KeyedCommit {
  readonly commit: string;
  /** Undefined if it cannot be found out: then the commit counts as a change. */
  readonly key: string | undefined;
}

/**
 * Returns the commits that lead from the first state of a line (oldest first) to its last one, without detours: commits that do not change
 * the inputs, and commits whose effect was undone later. `line[0]` is the applied state.
 */
export function changedCommits(line: readonly KeyedCommit[]): string[] {
  const changes: string[] = [];
  let at = lastWithKey(line, 0);
  while (at + 1 < line.length) {
    const next = line[at + 1] as KeyedCommit;
    changes.push(next.commit);
    at = lastWithKey(line, at + 1);
  }
  return changes;
}

/** Returns the index of the last commit with the inputs of another one. */
function lastWithKey(line: readonly KeyedCommit[], index: number): number {
  const key = line[index]?.key;
  if (key === undefined) return index;
  return Math.max(
    index,
    line.findLastIndex((one) => one.key === key),
  );
}
