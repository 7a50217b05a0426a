import { expect } from "chai";
import { ManifestError } from "../../../../src/manifest/manifest-error.js";
import { DEFAULT_PARSE_LIMITS, parseManifests } from "../../../../src/manifest/yaml/parse.js";

const HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

function failureOf(text: string, limits = DEFAULT_PARSE_LIMITS): ManifestError {
  try {
    parseManifests(text, "apps/file.yaml", limits);
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
  throw new Error("the text was read");
}

/** `line:column message` of each problem. */
function problemsOf(text: string): string[] {
  return failureOf(text).problems.map(({ line, column = "", message }) => `${line}:${column} ${message}`);
}

describe("parseManifests: first lines of documents", () => {
  const lines: readonly [name: string, text: string, expected: readonly number[]][] = [
    ["the first line", HEAD, [1]],
    ["behind comments", `# one\n\n# three\n${HEAD}`, [4]],
    ["behind markers and comments", `# c\n\n---\n# d\n---\n${HEAD}`, [6]],
    ["on the line of the marker", "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", [1]],
    ["several", `${HEAD}---\n${HEAD}\n\n---\n\n# x\n${HEAD}`, [1, 5, 13]],
    ["empty documents between", `---\n---\n${HEAD}---\n---\n# none\n---\n${HEAD}---\n`, [3, 10]],
    ["Windows line ends", `# c\r\n---\r\n\r\n${HEAD.replaceAll("\n", "\r\n")}---\r\n${HEAD}`, [4, 8]],
    ["old Macintosh line ends", `# c\r---\r\r${HEAD.replaceAll("\n", "\r")}---\r${HEAD}`, [4, 8]],
    ["a byte order mark", `\ufeff# c\n${HEAD}`, [2]],
    ["behind an end marker", `${HEAD}...\n# x\n${HEAD}`, [1, 6]],
    ["behind a directive", `# c\n%YAML 1.2\n---\n${HEAD}`, [4]],
    ["an anchor first", `--- &x\n${HEAD}`, [2]],
    ["no line end at the end", `---\n${HEAD.trimEnd()}`, [2]],
  ];
  for (const [name, text, expected] of lines) {
    it(name, () => {
      expect(parseManifests(text, "f.yaml").map(({ origin }) => origin.line)).to.deep.equal(expected);
    });
  }

  it("is the item's own line in a list, and the list's for lists within", () => {
    const text = [
      "apiVersion: v1",
      "kind: List",
      "items:",
      "# first",
      "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
      "-",
      "  apiVersion: v1",
      "  kind: ConfigMap",
      "  metadata: {name: b, labels: {items: x}}",
      "- apiVersion: v1",
      "  kind: List",
      "  items:",
      "  - {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}",
      "metadata: {}",
    ].join("\n");
    expect(
      parseManifests(text, "f.yaml").map(({ object, origin }) => [object.metadata.name, origin.line]),
    ).to.deep.equal([
      ["a", 5],
      ["b", 7],
      ["c", 10],
    ]);
  });

  it("is right in JSON", () => {
    const text =
      '\n{\n  "kind": "List", "apiVersion": "v1",\n  "items": [\n    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},\n    {\n      "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}\n    }\n  ]\n}\n';
    expect(parseManifests(text, "f.json").map(({ origin }) => origin.line)).to.deep.equal([5, 6]);
  });

  it("refuses a list whose items are under another name, instead of reading an empty one", () => {
    const text = "# c\napiVersion: v1\nkind: List\nitem:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n";
    expect(() => parseManifests(text, "list.yaml", DEFAULT_PARSE_LIMITS)).to.throw(
      ManifestError,
      /list.yaml:2: this List has no items/,
    );
    expect(parseManifests("apiVersion: v1\nkind: List\nitems:\n", "list.yaml", DEFAULT_PARSE_LIMITS)).to.deep.equal([]);
  });

  it("treats a document with a name as an object even if its kind ends in List", () => {
    const [document] = parseManifests(
      "apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}\nitems: [1]\n",
      "f.yaml",
    );
    expect(document?.object.kind).to.equal("AllowList");
  });
});

describe("parseManifests: rejected input", () => {
  const LEAVE_OUT = "leave the file out with source.exclude if it is not meant to be applied";
  const cases: readonly [name: string, text: string, expected: readonly string[]][] = [
    ["no object", "- 1\n", [`1: this is a list, not a Kubernetes object; ${LEAVE_OUT}`]],
    ["text", "\nhello\n", [`2: this is text, not a Kubernetes object; ${LEAVE_OUT}`]],
    ["some other YAML", "replicas: 2\n", [`1: apiVersion, kind, metadata.name are missing; ${LEAVE_OUT}`]],
    ["no kind", "apiVersion: v1\nmetadata: {name: a}\n", ["1: kind is missing"]],
    ["empty name", "apiVersion: v1\nkind: A\nmetadata: {name: ''}\n", ["1: metadata.name is missing"]],
    ["null metadata", "apiVersion: v1\nkind: A\nmetadata:\n", ["1: metadata.name is missing"]],
    [
      "generateName",
      "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n",
      ["3: metadata.generateName cannot be applied declaratively; give the object a metadata.name"],
    ],
    [
      "a number as name",
      "apiVersion: v1\nkind: A\nmetadata: {name: 12}\n",
      ["3: metadata.name is a number, but has to be text; put it in quotes"],
    ],
    [
      "a name that is a path",
      "apiVersion: v1\nkind: A\nmetadata: {name: ../b, namespace: a/b}\n",
      [
        "3: metadata.name is not valid: expected at most 253 characters, without `/` and `%`",
        "3: metadata.namespace is not valid: expected a DNS label of at most 63 characters",
      ],
    ],
    [
      "metadata that is a list",
      "apiVersion: v1\nkind: A\nmetadata: [a]\n",
      ["3: metadata is a list, but has to be an object", "1: metadata.name is missing"],
    ],
    ["a null key", `${HEAD}data:\n  ~: a\n`, ["5:3 a key may not be null; put it in quotes"]],
    ["binary that is no text", `${HEAD}data: {a: !!binary /w==}\n`, ["4:11 the value does not fit its explicit tag"]],
    [
      "values of labels and annotations",
      "apiVersion: v1\nkind: A\nmetadata: {name: a, labels: {a: 1, b: x}, annotations: {c: yes}}\n",
      [
        '3: metadata.labels["a"] is a number, but has to be text; put it in quotes',
        '3: metadata.annotations["c"] is a boolean, but has to be text; put it in quotes',
      ],
    ],
    [
      "whole numbers beyond 64 bits",
      `${HEAD}data:\n  a: 12345678901234567890\n  b: [0xFFFFFFFFFFFFFFFF, 9223372036854775808, -9_223_372_036_854_775_808]\n`,
      [
        "5:6 a whole number beyond 64 bits cannot be carried exactly by the API server; put it in quotes if it is meant as text, or write it as a float",
        "6:7 a whole number beyond 64 bits cannot be carried exactly by the API server; put it in quotes if it is meant as text, or write it as a float",
        "6:27 a whole number beyond 64 bits cannot be carried exactly by the API server; put it in quotes if it is meant as text, or write it as a float",
      ],
    ],
    [
      "a large number as a name",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 123456789012345678}\n",
      ["3: metadata.name is a number, but has to be text; put it in quotes"],
    ],
    [
      "infinity",
      `${HEAD}data: {a: -.inf, b: !!float .nan, c: ".inf", d: !!str .inf}\n`,
      [
        "4:11 infinity and NaN have no place in a Kubernetes object; put the word in quotes if it is meant as text",
        "4:29 infinity and NaN have no place in a Kubernetes object; put the word in quotes if it is meant as text",
      ],
    ],
    ["a key twice", `${HEAD}data:\n  a: x\n  b: x\n  a: y\n`, ["7:3 duplicated mapping key"]],
    [
      "an alias of nothing",
      `${HEAD}data: {a: *x}\n`,
      ["4:12 a value that begins with `*` is an alias, and nothing has that anchor; put the value in quotes"],
    ],
    ["an anchor in itself", `${HEAD}data: &x {a: *x}\n`, ["1: an anchor contains an alias of itself"]],
    [
      "a template",
      `${HEAD}data:\n  {{- range .x }}\n  a: 1\n`,
      [
        "5:5 missed comma between flow collection entries; it looks like a template: render it first, or leave it out with source.exclude",
      ],
    ],
    ["a null byte", `${HEAD}data: {a: "\0"}\n`, ["4:12 null byte is not allowed in input"]],
    [
      "every document by itself",
      `${HEAD}a: b: c\n---\n${HEAD}---\nkind: A\n---\n{\n`,
      [
        "4:5 bad indentation of a mapping entry",
        `10: apiVersion, metadata.name are missing; ${LEAVE_OUT}`,
        "13:1 unexpected end of the stream within a flow collection",
      ],
    ],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => {
      expect(problemsOf(text).map((problem) => problem.replace(/^(\d+:) /, "$1 "))).to.deep.equal(expected);
    });
  }

  it("says where in the message, and how many more there are", () => {
    const error = failureOf(`${HEAD}a: b: c\n---\nkind: A\n`);
    expect(error).to.include({
      code: "MANIFEST_INVALID",
      class: "terminal",
      file: "apps/file.yaml",
      line: 4,
      column: 5,
    });
    expect(error.message).to.equal("apps/file.yaml:4:5: bad indentation of a mapping entry (and 1 more in this file)");
  });

  it("names the object where it can", () => {
    const error = failureOf(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {x: 'a', y: 1}\n",
    );
    expect(error.message).to.equal(
      "apps/file.yaml:4: Secret b/a: entry 2 of stringData is a number, but has to be text; put it in quotes",
    );
  });

  it("a file that is too large, or holds too many objects", () => {
    expect(failureOf("é".repeat(101), { maxFileBytes: 200, maxDocuments: 2 }).message).to.contain(
      "larger than 200 bytes",
    );
    const limits = { maxFileBytes: 1000, maxDocuments: 2 };
    expect(parseManifests(`${HEAD}---\n${HEAD}`, "f.yaml", limits)).to.have.length(2);
    const { problems } = failureOf(`${HEAD}---\n`.repeat(5), limits);
    expect(problems.map(({ line, message }) => `${line} ${message}`)).to.deep.equal([
      "9 the file holds more than 2 objects; split it",
    ]);
  });

  it("reports no more than fifty problems of a file", () => {
    expect(failureOf("kind: A\n---\n".repeat(200)).problems).to.have.length(50);
  });
});

describe("parseManifests: malicious files", () => {
  it("cannot expand a few hundred bytes to gigabytes", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `  l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}*l${i}]`);
    const text = `${HEAD}data:\n  l0: &l0 lol\n${levels.join("\n")}\n`;
    expect(failureOf(text).message).to.contain("expand to more than");
  });

  it("cannot do so with many small documents either", () => {
    const bomb = `${HEAD}data:\n  a: &a ${"x".repeat(1000)}\n  b: [${"*a,".repeat(900)}]\n---\n`;
    expect(failureOf(bomb.repeat(20)).message).to.contain("expand to more than");
  });

  it("cannot expand nested lists without limit", () => {
    const levels = Array.from({ length: 8 }, (_, i) => `  - &l${i + 1} {kind: List, items: [${`*l${i},`.repeat(30)}]}`);
    const text = `apiVersion: v1\nkind: List\nitems:\n  - &l0 {apiVersion: v1, kind: A, metadata: {name: a}}\n${levels.join("\n")}\n`;
    expect(failureOf(text).message).to.contain("expand to more than");
  });

  it("has at most a thousand aliases and 64 levels", () => {
    expect(failureOf(`${HEAD}data:\n  a: &a 1\n  b: [${"*a,".repeat(1001)}]\n`).message).to.contain("aliases exceeded");
    expect(failureOf(`${HEAD}data: ${"[".repeat(100_000)}`).message).to.contain("nesting exceeded maxDepth (64)");
  });

  it("are processed quickly despite many comments, blank lines or invalid numbers", () => {
    const before = process.cpuUsage();
    const comments = "# c\r\n \r\n".repeat(20_000);
    expect(parseManifests(comments + HEAD, "f.yaml").map(({ origin }) => origin.line)).to.deep.equal([40_001]);
    expect(failureOf(`${HEAD}data: [${".inf, ".repeat(100_000)}]`).problems).to.have.length(50);
    expect(parseManifests("---\r\n".repeat(50_000), "f.yaml")).to.deep.equal([]);
    expect(process.cpuUsage(before).user / 1000, "CPU ms").to.be.lessThan(3000);
  });

  it("cannot modify prototypes", () => {
    const [document] = parseManifests(`${HEAD}data: {__proto__: {polluted: x}, constructor: y}\n`, "f.yaml");
    const data = document?.object.data as Record<string, unknown>;
    expect(Object.keys(data)).to.deep.equal(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(data)).to.equal(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });
});
