/**
 * Writes kubectl-vectors.json: how a real kubectl reads each of `KUBECTL_CASES`. Run it after adding a case:
 * `node build/test/unit/manifest/generate-kubectl-vectors.js <path of kubectl>`
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { KUBECTL_CASES } from "./kubectl-cases.js";
import { type KubectlVectors, VECTORS_FILE } from "./kubectl-vectors.js";

const kubectl = process.argv[2];
if (kubectl === undefined) throw new Error("name the kubectl binary to ask");

/** The objects that kubectl prints, without the label that it was asked to add. */
function objectsIn(output: string): Record<string, unknown>[] {
  const texts = output.split(/\n(?=\{)/).filter((text) => text.trim() !== "");
  return texts.map((text) => {
    const object = JSON.parse(text) as { metadata: { labels?: unknown } };
    delete object.metadata.labels;
    return { ...object };
  });
}

const readings: KubectlVectors["readings"] = {};
for (const { name, yaml } of KUBECTL_CASES) {
  const args = ["label", "--local", "--output=json", "--filename=-", "x=y"];
  const { status, stdout } = spawnSync(kubectl, args, { input: yaml, encoding: "utf8" });
  readings[name] = status === 0 ? objectsIn(stdout) : "refused";
}
const version = spawnSync(kubectl, ["version", "--client", "--output=json"], { encoding: "utf8" }).stdout;
const { clientVersion } = JSON.parse(version) as { clientVersion: { gitVersion: string } };
const vectors: KubectlVectors = { kubectl: clientVersion.gitVersion, readings };
const lines = Object.entries(readings).map(
  ([name, reading]) => `    ${JSON.stringify(name)}: ${JSON.stringify(reading)}`,
);
writeFileSync(
  VECTORS_FILE,
  `{\n  "kubectl": ${JSON.stringify(vectors.kubectl)},\n  "readings": {\n${lines.join(",\n")}\n  }\n}\n`,
);
