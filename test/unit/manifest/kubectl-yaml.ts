import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildFromModule } from "../../../tools/go-build.js";
import { runCommand } from "../../../tools/run-command.js";
import { makeTemporaryFolder } from "../../../tools/temporary-folder.js";

/** How kubectl reads one text: its objects as JSON with sorted keys, or null when it refuses the text. */
export type Reading = string | null;

/** Whether there is a Go compiler, which the pinned program in tools/kubectl-yaml needs. */
export function hasGo(): boolean {
  return spawnSync("go", ["version"]).status === 0;
}

/** Reads texts with the code that kubectl is built from. */
export type KubectlReader = (texts: readonly string[]) => Promise<Reading[]>;

/** Reads texts with the code that kubectl is built from; builds it first, which takes some seconds. */
export async function readAsKubectl(texts: readonly string[]): Promise<Reading[]> {
  return withKubectlReader((read) => read(texts));
}

/** Builds the reader once for all that `work` reads. */
export async function withKubectlReader<T>(work: (read: KubectlReader) => Promise<T>): Promise<T> {
  const folder = await makeTemporaryFolder("overseer-kubectl-yaml-");
  try {
    const program = join(folder.path, "kubectl-yaml");
    await buildFromModule({ module: "kubectl-yaml", package: ".", ldflags: "-s -w", takes: "some seconds" }, program);
    return await work(async (texts) => {
      const input = JSON.stringify(texts.map((text) => Buffer.from(text).toString("base64")));
      const lines = (await runCommand(program, [], { input })).trimEnd().split("\n");
      return lines.map((line) => (line === "null" ? null : line));
    });
  } finally {
    await folder.remove();
  }
}
