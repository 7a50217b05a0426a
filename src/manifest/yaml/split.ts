/** A part of a YAML stream that can be parsed by itself. */
export interface Chunk {
  readonly text: string;
  /** Line of the file on which `text` begins, counted from 1. */
  readonly line: number;
}

/**
 * Splits a YAML stream before each line that begins with `---`, so that a mistake in one document does not hide those
 * in the others. Such a line ends a document wherever it stands, also within a block scalar (YAML 1.2, 9.1.2), and so
 * kubectl splits too. Directives (`%YAML`) stay with the document that they are for.
 */
export function splitDocuments(stream: string): Chunk[] {
  const text = stream.charCodeAt(0) === 0xfeff ? stream.slice(1) : stream;
  const chunks: Chunk[] = [];
  let start = 0;
  let line = 1;
  for (const match of text.matchAll(/(?:^|[\r\n])---(?![^ \t\r\n])/g)) {
    const at = match.index + match[0].length - 3;
    const part = text.slice(start, at);
    if (onlyDirectives(part)) continue;
    if (!isBlank(part)) chunks.push(...splitJson({ text: part, line }));
    line += countLines(part, part.length);
    start = at;
  }
  const rest = text.slice(start);
  if (!isBlank(rest)) chunks.push(...splitJson({ text: rest, line }));
  return chunks;
}

/** kubectl reads JSON objects that follow one another without a marker; no YAML document looks like that. */
function splitJson(chunk: Chunk): Chunk[] {
  if (!/^\s*\{/.test(chunk.text)) return [chunk];
  const chunks: Chunk[] = [];
  let { line } = chunk;
  let start = 0;
  let depth = 0;
  for (const { 0: token, index } of chunk.text.matchAll(/[{}]|"(?:[^"\\]|\\.)*"/gs)) {
    if (token === "{") depth++;
    if (token !== "}" || --depth > 0) continue;
    const end = index + 1;
    NEXT_OBJECT.lastIndex = end;
    if (!NEXT_OBJECT.test(chunk.text)) break;
    const text = chunk.text.slice(start, end);
    chunks.push({ text, line });
    line += countLines(text, text.length);
    start = end;
  }
  return [...chunks, { text: chunk.text.slice(start), line }];
}

const NEXT_OBJECT = /\s*\{/y;

/** Number of line ends in `text` before `end`. `\r\n` is one. */
export function countLines(text: string, end: number, from = 0): number {
  let lines = 0;
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) lines++;
  }
  return lines;
}

/** Only white space, comments and a document marker: nothing to parse. */
function isBlank(part: string): boolean {
  const content = /^---(?![^ \t\r\n])/.test(part) ? part.slice(3) : part;
  return !/(?:^|[\r\n])[ \t]*[^ \t\r\n#]/.test(content);
}

function onlyDirectives(part: string): boolean {
  return /(?:^|[\r\n])%/.test(part) && part.split(/[\r\n]+/).every((text) => /^(?:%.*|[ \t]*(?:#.*)?)$/.test(text));
}
