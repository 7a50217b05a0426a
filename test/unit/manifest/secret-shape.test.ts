import { expect } from "chai";
import { ManifestError } from "../../../src/manifest/manifest-error.js";
import { parseManifests } from "../../../src/manifest/yaml/parse.js";
import { caseFile } from "../../support/cases.js";

const CANARY = "hunter2topsecret";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: s1, namespace: shop}\n";

/** `line: message` of each problem; empty when the text is read. */
function problemsOf(text: string): string[] {
  try {
    parseManifests(text, "s.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return error.problems.map(({ line, message }) => `${line}: ${message}`);
  }
}

/** What people write by mistake, and what is said of it. */
const REFUSED: readonly [what: string, text: string, ...says: string[]][] = [
  [
    "a mapping in the place of a value",
    `${HEAD}data:\n  password: {inner: ${CANARY}}\n`,
    "5: entry 1 of data is an object, but has to be text, encoded as base64; is a colon or a level of indentation too much?",
  ],
  [
    "a list",
    `${HEAD}data:\n  a: YQ==\n  password: [${CANARY}]\n`,
    "6: entry 2 of data is a list, but has to be text, encoded as base64; is a colon or a level of indentation too much?",
  ],
  [
    "a number and a boolean",
    `${HEAD}data:\n  pin: 4711\n  flag: true\n`,
    "5: entry 1 of data is a number, but has to be text, encoded as base64; encode it, or move it to stringData in quotes",
    "6: entry 2 of data is a boolean, but has to be text, encoded as base64; encode it, or move it to stringData in quotes",
  ],
  [
    "nothing",
    `${HEAD}data:\n  password:\n`,
    "5: entry 1 of data is null, but has to be text, encoded as base64; give it a value, or leave it out",
  ],
  [
    "data that is a list",
    `${HEAD}data:\n- ${CANARY}\n`,
    "4: data is a list, but has to be a mapping of names to values",
  ],
  ["data that is text", `${HEAD}data: ${CANARY}\n`, "4: data is text, but has to be a mapping of names to values"],
  [
    "plain text in data",
    `${HEAD}data:\n  password: "${CANARY}!"\n`,
    "5: entry 1 of data is not base64: encode it, or move it to stringData, which takes plain text",
  ],
  [
    "base64 without its padding",
    `${HEAD}data:\n  password: ${base64("ab").replace(/=/g, "")}\n`,
    "5: entry 1 of data is not base64: encode it, or move it to stringData, which takes plain text",
  ],
  [
    "a colon that is missing",
    `${HEAD}data:\n  ? password ${CANARY}\n  : x\n`,
    '5: the name of entry 1 of data is not valid: expected letters, digits, "-", "_" and "."; is a colon or a space missing?',
  ],
  [
    "a name of two dots",
    `${HEAD}stringData:\n  ..a: x\n`,
    '5: the name of entry 1 of stringData is not valid: expected letters, digits, "-", "_" and "."; is a colon or a space missing?',
  ],
  [
    "a mapping in stringData",
    `${HEAD}stringData:\n  password: {inner: ${CANARY}}\n`,
    "5: entry 1 of stringData is an object, but has to be text; is a colon or a level of indentation too much?",
  ],
  [
    "stringData that is a list",
    `${HEAD}stringData: [${CANARY}]\n`,
    "4: stringData is a list, but has to be a mapping of names to values",
  ],
  [
    "a level of indentation too few",
    `${HEAD}data:\n${CANARY}: x\n`,
    "5: field 5 is none of a Secret, which has data, stringData, type and immutable: is it indented as it should be?",
  ],
  [
    "a type that is a number",
    `${HEAD}type: 5\nimmutable: "yes"\n`,
    "4: type is a number, but has to be text; put it in quotes",
    "5: immutable is text, but has to be true or false, without quotes",
  ],
  [
    "more than a Secret takes",
    `${HEAD}stringData:\n  a: ${"x".repeat(700_000)}\n  b: ${"y".repeat(700_000)}\n`,
    "4: its values are 1400000 bytes together, and a Secret takes at most 1048576: split it",
  ],
  [
    "a dockerconfigjson that is no JSON",
    `${HEAD}type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ${base64(CANARY)}\n`,
    "6: .dockerconfigjson is not the JSON object that the type kubernetes.io/dockerconfigjson asks for",
  ],
  [
    "a dockercfg in stringData that is no JSON",
    `${HEAD}type: kubernetes.io/dockercfg\nstringData:\n  .dockercfg: "${CANARY}"\n`,
    "6: .dockercfg is not the JSON object that the type kubernetes.io/dockercfg asks for",
  ],
  [
    "one of a List",
    `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n  data: {a: YQ==}\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: b}\n  data:\n    a: YQ==\n    b: {z: ${CANARY}}\n`,
    "13: entry 2 of data is an object, but has to be text, encoded as base64; is a colon or a level of indentation too much?",
  ],
  [
    "one of a SecretList",
    `apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: b}\n  data:\n    b: [${CANARY}]\n`,
    "6: entry 1 of data is a list, but has to be text, encoded as base64; is a colon or a level of indentation too much?",
  ],
];

/** What is right, however odd it looks. */
const READ: readonly [what: string, text: string][] = [
  ["nothing at all", HEAD],
  ["data that is empty", `${HEAD}data:\nstringData: {}\n`],
  ["base64 over several lines", `${HEAD}data:\n  a: |\n    aGVsbG8g\n    d29ybGQ=\n`],
  ["a type whose keys somebody else brings", `${HEAD}type: kubernetes.io/tls\n`],
  [
    "a dockerconfigjson",
    `${HEAD}type: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: ${base64('{"auths":{}}')}}\n`,
  ],
  ["a Secret of another group", `apiVersion: example.org/v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: {b: c}}\n`],
];

describe("the values of a Secret", () => {
  for (const [what, text, ...says] of REFUSED) {
    it(`are refused with line and position, and not quoted: ${what}`, () => {
      const problems = problemsOf(text);
      expect(problems).to.deep.equal(says);
      for (const form of [CANARY, base64(CANARY).replace(/=+$/, ""), "4711"])
        expect(problems.join("\n")).to.not.contain(form);
    });
  }

  for (const [what, text] of READ) {
    it(`are read: ${what}`, () => {
      expect(problemsOf(text)).to.deep.equal([]);
    });
  }

  it("are rejected if a node has an unexpected mapping", async () => {
    expect(problemsOf(await caseFile("secret-value-in-error/secret.yaml"))).to.deep.equal([
      "5: entry 1 of data is an object, but has to be text, encoded as base64; is a colon or a level of indentation too much?",
    ]);
  });
});
