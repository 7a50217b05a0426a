import { expect } from "chai";
import { codeFiles, findLines, type SourceFile } from "./sources.js";

/** These tests hold what they look for. */
function others(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => !path.startsWith("test/house/"));
}

describe("code", () => {
  const code = others(codeFiles());

  it("has no any", () => {
    expect(findLines(code, /\bas any\b|[:<|,]\s*any\b(?=\s*[;,)>=|\]}[])|\bany\[\]/)).to.deep.equal([]);
  });

  it("silences no tool without saying why", () => {
    expect(findLines(code, /@ts-ignore|@ts-nocheck/)).to.deep.equal([]);
    expect(findLines(code, /@ts-expect-error(?!\s*[:-]?\s*\w{3,})/)).to.deep.equal([]);
    expect(findLines(code, /biome-ignore(?!\S* [\w/]+(?:\([^)]*\))?: \w{3,})/)).to.deep.equal([]);
  });

  it("has no enums, namespaces, default exports or parameter properties", () => {
    expect(
      findLines(code, /^\s*(export )?(declare )?(const )?enum \w|^\s*(export )?namespace \w|^export default\b/),
    ).to.deep.equal([]);
    expect(findLines(code, /constructor\([^)]*\b(private|public|protected|readonly) \w+[?:]/)).to.deep.equal([]);
  });

  it("hides members by #; only a constructor can be hidden by no other word than private", () => {
    expect(findLines(code, /^\s*(private|protected)\s+(?!constructor\()\w/)).to.deep.equal([]);
  });

  it("leaves no test out, and none alone", () => {
    const tests = code.filter(({ path }) => path.startsWith("test/"));
    expect(findLines(tests, /\b(describe|context|it|specify)\.(only|skip)\(|\bx(it|describe)\(/)).to.deep.equal([]);
  });

  it("uses nothing that Node 20 has not, and no AbortSignal.any, which leaks there", () => {
    expect(
      findLines(code, /\bAbortSignal\.any\(|\bPromise\.withResolvers\(|"node:sqlite"|\bArray\.fromAsync\(/),
    ).to.deep.equal([]);
  });
});

describe("exports of the product", () => {
  it("have a doc comment", () => {
    expect(codeFiles(["src"]).flatMap(undocumented)).to.deep.equal([]);
  });
});

const EXPORT = /^export (?:abstract |async |declare )*(?:const|let|function\*?|class|interface|type) (\w+)/;

/** Exports without a comment before them. The type that belongs to a schema or list of the same file needs none of its own. */
function undocumented({ path, text }: SourceFile): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const name = EXPORT.exec(line)?.[1];
    if (name === undefined || documented(lines, index) || /^export type \w+ =.*\btypeof \w+/.test(line)) return [];
    return [`${path}:${index + 1}: ${name}`];
  });
}

function documented(lines: readonly string[], index: number): boolean {
  const before = lines[index - 1]?.trim() ?? "";
  return before.endsWith("*/");
}
