import { execFileSync } from "node:child_process";
import type { GitRepo } from "../../../support/git-server.js";

/** Writes an object into a repository as it is, however broken, and returns its id. */
export function writeObject(repo: GitRepo, type: "blob" | "tree" | "commit", content: Buffer | string): string {
  const args = ["--git-dir", repo.path, "hash-object", "-t", type, "-w", "--stdin", "--literally"];
  return execFileSync("git", args, { input: content }).toString().trim();
}

/** The bytes of a tree row. */
export function treeRow(mode: string, name: string | Buffer, id: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(id, "hex")]);
}

/** Points a branch at a new commit of `tree`; returns the commit. */
export async function commitTree(repo: GitRepo, tree: string, branch = "main"): Promise<string> {
  const person = "A <a@example.com> 1700000000 +0000";
  const commit = writeObject(repo, "commit", `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\nmade by hand\n`);
  await repo.setBranch(branch, commit);
  return commit;
}
