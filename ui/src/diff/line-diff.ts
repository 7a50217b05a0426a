/** Above this number of lines, both versions are shown as whole blocks. */
const MOST_LINES = 600;

/** A line of a diff. `mark` is the part that differs from the line on the other side, as start and end. */
export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
  readonly mark?: readonly [number, number];
}

/** Returns the lines that were removed, added and kept, in order. Lines that replace each other have the changed part marked. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const large = before.length + after.length > MOST_LINES;
  return markPairs(large ? wholeBlocks(before, after) : byLongestSubsequence(before, after));
}

/** Returns the lines of both sides beside each other; undefined where one side has none. */
export function sideBySide(
  lines: readonly DiffLine[],
): readonly (readonly [DiffLine | undefined, DiffLine | undefined])[] {
  const rows: [DiffLine | undefined, DiffLine | undefined][] = [];
  for (let start = 0; start < lines.length; ) {
    const line = lines[start];
    if (line?.kind === "same") {
      rows.push([line, line]);
      start++;
      continue;
    }
    const removed = run(lines, start, "removed");
    const added = run(lines, start + removed, "added");
    for (let at = 0; at < Math.max(removed, added); at++) {
      const left = at < removed ? lines[start + at] : undefined;
      rows.push([left, at < added ? lines[start + removed + at] : undefined]);
    }
    start += removed + added;
  }
  return rows;
}

function wholeBlocks(before: readonly string[], after: readonly string[]): DiffLine[] {
  return [
    ...before.map((text) => ({ kind: "removed" as const, text })),
    ...after.map((text) => ({ kind: "added" as const, text })),
  ];
}

function byLongestSubsequence(before: readonly string[], after: readonly string[]): DiffLine[] {
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const [down, right] = [lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0];
      const diagonal = (lengths[(i + 1) * width + j + 1] ?? 0) + 1;
      lengths[i * width + j] = before[i] === after[j] ? diagonal : Math.max(down, right);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [one, other] = [before[i], after[j]];
    if (one !== undefined && one === other) {
      lines.push({ kind: "same", text: one });
      i++;
      j++;
    } else if (other === undefined || (one !== undefined && removesFirst(lengths, width, i, j))) {
      lines.push({ kind: "removed", text: one ?? "" });
      i++;
    } else {
      lines.push({ kind: "added", text: other });
      j++;
    }
  }
  return lines;
}

function removesFirst(lengths: Uint16Array, width: number, i: number, j: number): boolean {
  return (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0);
}

/** Marks what differs within a block of removed lines that as many added ones replace. */
function markPairs(lines: readonly DiffLine[]): DiffLine[] {
  const marked = [...lines];
  for (let start = 0; start < lines.length; start++) {
    if (lines[start]?.kind !== "removed") continue;
    const removed = run(lines, start, "removed");
    const added = run(lines, start + removed, "added");
    for (let at = 0; removed === added && at < removed; at++) {
      const [one, other] = [lines[start + at], lines[start + removed + at]];
      if (one === undefined || other === undefined) continue;
      const [head, tail] = common(one.text, other.text);
      if (head + tail === 0) continue;
      marked[start + at] = { ...one, mark: [head, one.text.length - tail] };
      marked[start + removed + at] = { ...other, mark: [head, other.text.length - tail] };
    }
    start += removed + added - 1;
  }
  return marked;
}

function run(lines: readonly DiffLine[], start: number, kind: DiffLine["kind"]): number {
  let end = start;
  while (lines[end]?.kind === kind) end++;
  return end - start;
}

/** Lengths of the common start and end of two texts. */
function common(one: string, other: string): readonly [number, number] {
  const most = Math.min(one.length, other.length);
  let head = 0;
  while (head < most && one[head] === other[head]) head++;
  let tail = 0;
  while (tail < most - head && one.at(-1 - tail) === other.at(-1 - tail)) tail++;
  return [head, tail];
}
