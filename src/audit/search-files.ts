import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { COMPLETE_FILE, CURRENT_FILE } from "./audit-file.js";
import { type AuditFound, type AuditSearch, matchesAudit, textsOfMatch } from "./audit-query.js";
import { type AuditRecord, parseRecord } from "./record.js";

const BLOCK_BYTES = 256 * 1024;
/** Bytes that one search reads: it does not keep the process from its work. */
const MAX_BYTES = 8 * 2 ** 20;
const TIME = /"time":"([^"]{1,40})"/;
const NUMBER = /"number":(\d{1,15})/;
const NEWLINE = 10;

/** Where a search continues: before the record with this number, which begins at this byte of its file. */
interface Position {
  readonly number: number;
  readonly offset: number;
}

/** How much the clocks of processes that write to one chain may differ: beyond it, no older line can be in time. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Looks for records in the files of a directory, newest first, while another process may append to them. Returns less than `limit`
 * records if it has read enough: `next` continues. A cursor stays valid when files are renamed.
 */
export async function searchFiles(dir: string, { filter, limit, before }: AuditSearch): Promise<AuditFound> {
  const start = before === undefined ? undefined : parseCursor(before);
  const texts = textsOfMatch(filter);
  const hits: { record: AuditRecord; cursor: string }[] = [];
  let [damaged, read] = [0, 0];
  let last: { readonly cursor: string; readonly time: string | undefined } | undefined;
  let [lowest, chain] = [start?.number ?? Number.POSITIVE_INFINITY, ""];
  for await (const file of newestFirst(dir, start)) {
    for await (const { line, offset, bytes } of linesBackward(file.handle, file.end)) {
      read += bytes;
      const number = Number(NUMBER.exec(line)?.[1] ?? Number.NaN);
      const ofChain = line.slice(0, 60);
      // A file that is renamed meanwhile comes twice.
      if (number >= lowest && (chain === "" || ofChain.startsWith(chain))) continue;
      if (!Number.isNaN(number)) [lowest, chain] = [number, ofChain.slice(0, ofChain.indexOf(",") + 1)];
      const time = TIME.exec(line)?.[1];
      if (filter.since !== undefined && time !== undefined && Date.parse(time) < filter.since - CLOCK_SKEW_MS)
        return { hits, next: undefined, reached: undefined, damaged };
      last = { cursor: `${Number.isNaN(number) ? lowest : number}-${offset}`, time };
      if (texts.every((text) => line.includes(text))) {
        const record = parseRecord(line);
        if (record === undefined) damaged++;
        else if (matchesAudit(filter, record)) hits.push({ record, cursor: last.cursor });
      }
      if (hits.length >= limit || read >= MAX_BYTES) return { hits, next: last.cursor, reached: last.time, damaged };
    }
  }
  return { hits, next: undefined, reached: undefined, damaged };
}

function parseCursor(text: string): Position | undefined {
  const [, number, offset] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return number === undefined ? undefined : { number: Number(number), offset: Number(offset) };
}

/** Opens the files that may have older records, and says where to begin in each. Files that are deleted meanwhile are skipped. */
async function* newestFirst(dir: string, start: Position | undefined) {
  const current = await open(join(dir, CURRENT_FILE)).catch(() => undefined);
  try {
    const names = (await readdir(dir).catch(() => [])).filter((name) => COMPLETE_FILE.test(name)).sort();
    const lastOf = (name: string): number => Number(COMPLETE_FILE.exec(name)?.[1]);
    const first = start && names.find((name) => lastOf(name) >= start.number);
    if (current !== undefined && first === undefined) yield { handle: current, end: await endIn(current, start) };
    const rest = first === undefined ? names : names.slice(0, names.indexOf(first) + 1);
    for (const name of rest.reverse()) {
      const handle = await open(join(dir, name)).catch(() => undefined);
      if (handle === undefined) continue;
      try {
        yield { handle, end: await endIn(handle, name === first ? start : undefined) };
      } finally {
        await handle.close();
      }
    }
  } finally {
    await current?.close();
  }
}

/** Returns where the lines end that are looked at: at the position if a line ends there, else at the end of the file. */
async function endIn(handle: FileHandle, start: Position | undefined): Promise<number> {
  const { size } = await handle.stat();
  if (start === undefined || start.offset > size) return size;
  if (start.offset === 0) return 0;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, start.offset - 1);
  return buffer[0] === NEWLINE ? start.offset : size;
}

/** Yields complete lines, the last one first, with the bytes that were read since the line before. */
async function* linesBackward(handle: FileHandle, end: number) {
  let position = end;
  let rest = Buffer.alloc(0);
  let bytes = 0;
  let atEnd = true;
  while (position > 0) {
    const size = Math.min(BLOCK_BYTES, position);
    position -= size;
    const block = Buffer.alloc(size);
    await handle.read(block, 0, size, position);
    bytes += size;
    let text: Buffer = Buffer.concat([block, rest]);
    if (atEnd) {
      // The last line may not be complete yet.
      text = text.subarray(0, text.lastIndexOf(NEWLINE) + 1);
      if (text.length === 0) continue;
      atEnd = false;
    }
    let lineEnd = text.length - 1;
    for (let newline = text.lastIndexOf(NEWLINE, lineEnd - 1); newline >= 0 && lineEnd > 0; ) {
      yield { line: text.toString("utf8", newline + 1, lineEnd), offset: position + newline + 1, bytes };
      bytes = 0;
      lineEnd = newline;
      newline = newline === 0 ? -1 : text.lastIndexOf(NEWLINE, newline - 1);
    }
    rest = Buffer.from(text.subarray(0, lineEnd + 1));
    if (position === 0 && lineEnd > 0) yield { line: rest.toString("utf8", 0, lineEnd), offset: 0, bytes };
  }
}
