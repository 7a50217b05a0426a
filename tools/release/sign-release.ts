import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { VERSION } from "../../src/version.js";
import { repositoryRoot } from "../repository-root.js";
import { runCommand } from "../run-command.js";
import { provenanceOf, signBlob, signStatement } from "./provenance.js";

const USAGE =
  "usage: node build/tools/release/sign-release.js --key FILE [--builder URI] [--repository URI] FILE…\n" +
  "Writes FILE.sig for each file, and build/provenance.intoto.jsonl and build/release.pub.";

/** `make provenance`: signs the files of a release, and writes where they come from. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: "string" },
      builder: { type: "string", default: "https://gitops.overseer.io/builders/local" },
      repository: { type: "string", default: "https://gitops.overseer.io/overseer-gitops" },
    },
  });
  if (values.key === undefined || positionals.length === 0) throw new Error(USAGE);
  const root = repositoryRoot();
  const key = createPrivateKey(readFileSync(values.key));
  const artifacts = positionals.map((name) => ({ name, bytes: readFileSync(name) }));
  const commit = (await runCommand("git", ["rev-parse", "HEAD"], { cwd: root })).trim();
  const changed = (await runCommand("git", ["status", "--porcelain", "--untracked-files=no"], { cwd: root })).trim();
  if (changed !== "") throw new Error("the work tree has changes that no commit has: commit them, and build again");
  const lockFile = readFileSync(join(root, "package-lock.json"));
  const { builder, repository } = values;
  const statement = provenanceOf(artifacts, { version: VERSION, commit, repository, builder, lockFile });
  for (const { name, bytes } of artifacts) writeFileSync(`${name}.sig`, `${signBlob(bytes, key)}\n`);
  writeFileSync(join(root, "build/provenance.intoto.jsonl"), `${JSON.stringify(signStatement(statement, key))}\n`);
  writeFileSync(join(root, "build/release.pub"), createPublicKey(key).export({ type: "spki", format: "pem" }));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
