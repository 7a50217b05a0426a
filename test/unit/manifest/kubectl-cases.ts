/** A text that kubectl was asked to read, and how our reading is meant to differ, if it is. */
export interface KubectlCase {
  readonly name: string;
  readonly yaml: string;
  /** Absent = we read exactly what kubectl reads, and refuse what it refuses. */
  readonly differs?: "refused" | "read";
}

const HEAD = "apiVersion: example.com/v1\nkind: Probe\nmetadata: {name: p}\n";

function scalar(text: string, differs?: KubectlCase["differs"]): KubectlCase {
  return { name: `scalar ${text}`, yaml: `${HEAD}spec: {v: ${text}}\n`, ...(differs ? { differs } : {}) };
}

function spec(name: string, lines: string, differs?: KubectlCase["differs"]): KubectlCase {
  return { name, yaml: `${HEAD}spec:\n${lines}`, ...(differs ? { differs } : {}) };
}

function whole(name: string, yaml: string, differs?: KubectlCase["differs"]): KubectlCase {
  return { name, yaml, ...(differs ? { differs } : {}) };
}

const BOOLEANS = "true True TRUE tRUE false yes Yes YES no No NO on On ON off Off OFF y Y n N nULL".split(" ");
const NULLS = ["null", "Null", "NULL", "~", "", '"~"', "'null'"];
const INTEGERS = (
  "0 00 -0 1 -1 +12 0644 -0644 08 089 0o17 0O17 0x1F 0X1f +0x1F 0b11 -0b11 0B11 0x 0b 0b2 0o8 1_000 1_ _1 1__0 0_7 " +
  "--1 +-1 9007199254740991 -9007199254740991 2147483648"
).split(" ");
const FLOATS =
  "1.5 1. .5 -.5e1 +.5 1e3 1E3 1e+3 1e-3 1e 1e21 1e400 .e3 ._5 1_0.5 1_000.5e1_0 0x1p4 -0.0 6.02e23 infinity nan 1.2.3".split(
    " ",
  );
const TEXTS = [
  ..."12:30 12:30:45 1:20 2020-01-01 2001-12-14t21:59:43.10-05:00 1.2.3.4 10Gi 100m 1/2 = << a:b x#c http://x:80/y".split(
    " ",
  ),
  "'it''s'",
  '"<<"',
  '"0644"',
  "'yes'",
  '"a\\tb\\n\\u263a\\x41\\u00e9"',
  '"<&>"',
  "word  with   spaces",
];
const TAGS = [
  "!!str 12",
  "!!str yes",
  '!!int "12"',
  "!!int 0x1F",
  "!!int abc",
  "!!int 1.0",
  "!!float 1",
  "!!float .5",
  '!!bool "yes"',
  '!!bool "x"',
  '!!null ""',
  "!!timestamp 2020-01-01",
  "!!binary aGk=",
  '!!binary "@@"',
  "! 12",
  "!foo bar",
  "!foo {a: b}",
  "!foo [a, b]",
  "!!set {a, b}",
  "!!omap [a: 1]",
];

export const KUBECTL_CASES: readonly KubectlCase[] = [
  ...[...BOOLEANS, ...NULLS, ...INTEGERS, ...FLOATS, ...TEXTS, ...TAGS].map((text) => scalar(text)),
  scalar('"\\ud83d\\ude00"', "read"),
  scalar(".inf"),
  scalar("-.INF"),
  scalar(".nan"),
  scalar("9223372036854775808", "refused"),
  scalar("12345678901234567890", "refused"),
  scalar("123456789012345678901234", "refused"),
  scalar("0xFFFFFFFFFFFFFFFF", "refused"),

  spec("merge first", "  <<: {a: 2, b: 3}\n  a: 1\n"),
  spec("merge list", "  <<: [{a: 2, b: 3}, {a: 5, c: 6}]\n"),
  spec("merge after a key of the same name", "  a: 1\n  <<: {a: 2, b: 3}\n", "read"),
  spec("merge of an alias", "  a: &x {b: 1}\n  c: *x\n  d:\n    <<: *x\n    e: 1\n"),
  spec("anchor used again", "  a: &a [1]\n  b: &a [2]\n  c: *a\n"),
  spec("unknown alias", "  a: *nobody\n"),
  spec("keys of other types", "  1: a\n  1.5: b\n  true: c\n  0644: e\n  1e3: f\n  2020-01-01: g\n"),
  spec("key y", "  y: d\n"),
  spec("null key", "  ~: a\n"),
  spec("list as a key", "  ? [a]\n  : 2\n"),
  spec("explicit keys", "  ? a\n  : b\n  ? c\n"),
  spec("key twice", "  a: 1\n  a: 2\n", "refused"),
  spec("key twice by conversion", '  1: 1\n  "1": 2\n', "refused"),

  spec("literal", "  a: |\n    x\n      y\n\n    z\n"),
  spec("literal keep and strip", "  a: |+\n    q\n\n  b: |-\n    q\n\n  c: |2\n      r\n"),
  spec("folded", "  a: >-\n    x\n    y\n\n    z\n      more\n    end\n"),
  spec("Windows line ends", '  a: |\r\n    x\r\n    y\r\n  b: "q\r\n    r"\r\n'),
  spec("plain over lines", "  a: foo\n    bar\n\n    baz\n"),
  spec("quoted over lines", "  a: \"x\n\n    y\\\n    z\"\n  b: 'x\n    y'\n"),
  spec("comments", '  a: x #c\n  b: "x" # y\n  # z\n  c: 1#2\n'),
  spec("tab after a colon", "  a:\t1\n  b: 2\t\n"),
  spec("tab as indentation", "\ta: 1\n"),
  spec("flow with commas at the end", "  a: [a, b, ]\n  b: {a: 1, }\n"),
  spec("flow without values", "  {a, b: , c: }\n"),
  spec("reserved @", "  a: @b\n"),
  spec("reserved `", "  a: `b\n"),
  spec("percent within", "  a: b%\n"),
  spec("template", "  {{ if x }}\n"),
  spec("colon within", "  a: b: c\n"),
  spec("wrong indentation", "  a: 1\n b: 2\n"),
  whole("lists", `${HEAD}spec:\n- 1\n- - 2\n  - 3\n-\n  a: 1\n- \n- ~\n`),

  whole("documents", `# c\n\n---\n# d\n---\n${HEAD}---\n${HEAD}---\n`),
  whole("comment behind the marker", `--- # comment\n${HEAD}--- \n${HEAD}`),
  whole("byte order mark", `\ufeff${HEAD}`),
  whole("only comments", "# nothing\n---\n# here\n"),
  whole("marker within a literal", `${HEAD}spec:\n  a: |\n    x\n---\n${HEAD}`),
  whole("document end marker", `${HEAD}...\n`),
  whole("document after an end marker", `${HEAD}...\n${HEAD}`, "read"),
  whole("directive", `%YAML 1.1\n---\n${HEAD}`, "read"),
  whole("content behind the marker", "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", "read"),
  whole(
    "List",
    "apiVersion: v1\nkind: List\nmetadata: {}\nitems:\n" +
      "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n",
  ),
  whole("typed list", "apiVersion: v1\nkind: ConfigMapList\nitems:\n- {metadata: {name: a}}\n"),
  whole(
    "list of custom resources",
    "apiVersion: example.com/v1\nkind: ProbeList\nitems:\n- {metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
  ),
  whole("empty list", "apiVersion: v1\nkind: List\nitems: []\n"),
  whole(
    "JSON",
    '{\n\t"apiVersion": "v1", "kind": "ConfigMap",\n\t"metadata": {"name": "a"},\n\t"data": {"a": "\\ud83d\\ude00\\/\\n", "b": "1"}\n}\n',
  ),
  whole(
    "JSON list",
    '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}]}',
  ),
  whole("flow in the style of JSON", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"),
];
