import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createProgram } from "../../../src/cli/program.js";
import { complete, formatCandidates } from "../../../src/cli/verbs/completion/complete.js";
import { completionScript, SHELLS } from "../../../src/cli/verbs/completion/scripts.js";
import { repositoryRoot } from "../../../tools/repository-root.js";

describe("completion", () => {
  const program = createProgram("overseer", () => {});
  const values = (...words: string[]): readonly string[] =>
    complete(program, words).candidates.map(({ value }) => value);

  it("offers commands, subcommands, flags and their values", () => {
    expect(values("")).to.include.members(["get", "sync", "approve"]).and.not.include("__complete");
    expect(values("su")).to.deep.equal(["suspend"]);
    expect(values("auth", "")).to.deep.equal(["whoami", "can-i", "who-can"]);
    expect(values("wait", "--fo")).to.deep.equal(["--for"]);
    expect(values("wait", "--for", "")).to.deep.equal(["synced", "ready", "healthy", "deleted"]);
    expect(values("wait", "--for=h")).to.deep.equal(["--for=healthy"]);
    expect(values("-n", "shop", "ge")).to.deep.equal(["get"]);
    expect(values("completion", "z")).to.deep.equal(["zsh"]);
    expect(values("get", "a")).to.deep.equal(["approvals"]);
  });

  it("asks the cluster for names, namespaces and contexts where these belong", () => {
    const lookup = (...words: string[]) => complete(program, words).lookup;
    expect(lookup("get", "repo", ""))
      .to.deep.include({ of: "names" })
      .and.have.nested.property("kind.kind", "GitRepository");
    expect(lookup("approve", "w")).to.have.nested.property("kind.kind", "Change");
    expect(lookup("why", "-o", "json", "")).to.have.nested.property("kind.kind", "OverseerApp");
    expect(lookup("why", "-n", "")).to.deep.equal({ of: "namespaces" });
    expect(lookup("get", "apps", "--context", "")).to.deep.equal({ of: "contexts" });
    expect(complete(program, ["render", "k8s/"]).files).to.equal(true);
    expect(complete(program, ["nothing", ""])).to.deep.equal({ candidates: [] });
  });

  it("prints the protocol that kubectl and the scripts read", () => {
    expect(formatCandidates([{ value: "a", description: "one\n two" }, { value: "b" }])).to.equal(
      "a\tone two\nb\n:4\n",
    );
    expect(formatCandidates([], true)).to.equal(":0\n");
  });

  it("completes in bash", async () => {
    const folder = await mkdtemp(join(tmpdir(), "overseer-completion-"));
    try {
      const main = join(repositoryRoot(), "build/src/cli/main.js");
      await writeFile(join(folder, "overseer"), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`, { mode: 0o755 });
      await writeFile(join(folder, "completion.bash"), completionScript("bash"));
      const script = `source ${folder}/completion.bash; COMP_WORDS=(overseer wait --for h); COMP_CWORD=3; _overseer_complete; echo "\${COMPREPLY[@]}"`;
      const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
      expect(execFileSync("bash", ["--norc", "-c", script], { env, encoding: "utf8" })).to.equal("healthy\n");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(60_000);

  it("has a script for each shell that calls the program", () => {
    for (const shell of SHELLS) expect(completionScript(shell), shell).to.include("overseer __complete");
  });
});
