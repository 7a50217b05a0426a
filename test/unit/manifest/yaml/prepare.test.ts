import { expect } from "chai";
import { ManifestError } from "../../../../src/manifest/manifest-error.js";
import { MAX_PROBLEMS } from "../../../../src/manifest/yaml/parse.js";
import { prepareManifests } from "../../../../src/manifest/yaml/prepare.js";
import { growth, LINEAR } from "../../../support/growth.js";

const HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const LIST = "apiVersion: v1\nkind: List\nitems:\n";
const item = (rest: string): string => `- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, ${rest}}\n`;

/** Number of problems; 0 if there is none. */
function problemsOf(text: string): number {
  try {
    prepareManifests(text, "a.yaml");
    return 0;
  } catch (error) {
    if (error instanceof ManifestError) return error.problems.length;
    throw error;
  }
}

/** Texts by their number of parts, each of which costs the same. */
const HOSTILE: readonly [name: string, problems: number, size: number, text: (parts: number) => string][] = [
  ["encrypted values", MAX_PROBLEMS, 60, (n) => LIST + item('data: {a: "ENC[AES256_GCM,x]"}').repeat(n)],
  [
    "invalid items of a list",
    MAX_PROBLEMS,
    500,
    (n) => LIST + item("data: {a: 1}").replace("{name: a}", "{labels: {a: 1}}").repeat(n),
  ],
  ["items without content", MAX_PROBLEMS, 100, (n) => LIST + `- \n${item("data: {a: b}")}`.repeat(n)],
  ["documents behind end markers", 0, 150, (n) => `${HEAD}...\n`.repeat(n)],
  ["invalid documents behind end markers", MAX_PROBLEMS, 200, (n) => "a: 1\n...\n".repeat(n)],
  [
    "duplicates",
    MAX_PROBLEMS,
    200,
    (n) => `${HEAD.replace("ConfigMap", "Service")}spec: {ports: [${"{port: 1},".repeat(n)}]}`,
  ],
  [
    "unknown fields of a Secret",
    MAX_PROBLEMS,
    100,
    (n) => HEAD.replace("ConfigMap", "Secret") + Array.from({ length: n }, (_, index) => `f${index}: 1\n`).join(""),
  ],
];

describe("prepareManifests: files of a hostile repository", function () {
  this.timeout(60_000);
  for (const [name, problems, size, text] of HOSTILE) {
    it(`are read in linear time, and report at most ${MAX_PROBLEMS} problems: ${name}`, () => {
      expect(problemsOf(text(size))).to.equal(problems);
      expect(growth(size, (parts) => void problemsOf(text(parts)))).to.be.below(LINEAR);
    });
  }
});
