/** A part of a YAML stream that can be parsed on its own. */
export interface Chunk {
  readonly text: string;
  /** One-based line of the file on which `text` starts. */
  readonly line: number;
}

/**
 * Splits a YAML stream before each line that starts with `---`, so that an error in one document does not hide errors in
 * others. Like in kubectl, such a line always ends a document, even within a block scalar (YAML 1.2, 9.1.2). Directives
 * (`%YAML`) stay with their document.
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

/** Splits concatenated JSON objects, which kubectl accepts without a document marker. This is never valid YAML. */
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

/** Counts the line breaks in `text` before `end`. `\r\n` counts as one. */
export function countLines(text: string, end: number, from = 0): number {
  let lines = 0;
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) lines++;
  }
  return lines;
}

/** Reports whether a part contains only white space, comments and a document marker. */
function isBlank(part: string): boolean {
  const content = /^---(?![^ \t\r\n])/.test(part) ? part.slice(3) : part;
  return !/(?:^|[\r\n])[ \t]*[^ \t\r\n#]/.test(content);
}

function onlyDirectives(part: string): boolean {
  return /(?:^|[\r\n])%/.test(part) && part.split(/[\r\n]+/).every((text) => /^(?:%.*|[ \t]*(?:#.*)?)$/.test(text));
}
