import { execFile } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { AuditFile } from "../../../src/audit/audit-file.js";
import { AuditTrail } from "../../../src/audit/audit-trail.js";
import { type AuditEntry, verifyChain } from "../../../src/audit/record.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { OVERSEER, runOverseer } from "../../support/overseer-cli.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

const entry = (name: string): AuditEntry => ({
  ...{ actor: "ann", verb: "sync", object: { kind: "OverseerApp", namespace: "shop", name }, outcome: "Succeeded" },
  details: { change: `${name}-1`, unset: undefined, objects: ["ConfigMap shop/a"] },
});

describe("The audit trail", () => {
  let dir: string;
  let opened: AuditFile[];
  beforeEach(async () => {
    opened = [];
    dir = await mkdtemp(join(tmpdir(), "overseer-audit-"));
  });
  afterEach(async () => {
    for (const file of opened) await file.close();
    await rm(dir, { recursive: true, force: true });
  });

  const start = async (options: { maxBytes?: number; maxFiles?: number } = {}) => {
    const file = new AuditFile({ dir, maxBytes: 1_000_000, maxFiles: 10, ...options });
    opened.push(file);
    await file.open();
    const logger = new FakeLogger();
    let failures = 0;
    const trail = new AuditTrail({ clock: new FakeClock(), logger, file, onFailure: () => failures++ });
    return { file, trail, logger, failures: () => failures };
  };
  const lines = async (): Promise<string[]> => {
    const files = (await readdir(dir)).sort((a, b) =>
      a === "audit.jsonl" ? 1 : b === "audit.jsonl" ? -1 : a < b ? -1 : 1,
    );
    const texts = await Promise.all(files.map((name) => readFile(join(dir, name), "utf8")));
    return texts.join("").trimEnd().split("\n");
  };

  it("stores each entry as one line, in a chain, before it is acknowledged", async () => {
    const { trail } = await start();
    await trail.record(entry("web"));
    const [line = ""] = await lines();
    expect(JSON.parse(line)).to.include({ number: 1, actor: "ann", verb: "sync", outcome: "Succeeded", previous: "" });
    expect(JSON.parse(line).details).to.deep.equal({ change: "web-1", objects: ["ConfigMap shop/a"] });
    await Promise.all([trail.record(entry("a")), trail.record(entry("b")), trail.record(entry("c"))]);
    expect(verifyChain(await lines())).to.deep.equal({ records: 4, broken: undefined });
  });

  it("logs the same record", async () => {
    const { trail, logger } = await start();
    await trail.record(entry("web"));
    const [line = ""] = await lines();
    expect(JSON.stringify(logger.lines)).to.include(JSON.parse(line).hash);
  });

  it("continues the chain after a restart, and removes a line that was never complete", async () => {
    const first = await start();
    await first.trail.record(entry("a"));
    await first.file.close();
    await appendFile(join(dir, "audit.jsonl"), '{"chain":"torn');
    const second = await start();
    await second.trail.record(entry("b"));
    expect(verifyChain(await lines())).to.deep.equal({ records: 2, broken: undefined });
  });

  it("begins a new file at the size limit, and continues the chain in it", async () => {
    const { trail, file } = await start({ maxBytes: 600, maxFiles: 2 });
    for (let n = 0; n < 8; n++) await trail.record(entry(`app-${n}`));
    expect((await readdir(dir)).length).to.equal(3);
    await file.close();
    await rm(join(dir, "audit.jsonl"));
    const second = await start({ maxBytes: 600, maxFiles: 2 });
    await second.trail.record(entry("last"));
    expect(verifyChain(await lines()).broken).to.equal(undefined);
    expect(JSON.parse((await lines()).at(-1) ?? "").number).to.equal(9);
  });

  const TAMPERED: readonly [what: string, change: (all: string[]) => string[], line: number, why: string][] = [
    ["changed", (all) => all.map((line, n) => (n === 1 ? line.replace("ann", "bob") : line)), 2, "was changed"],
    ["removed", (all) => all.filter((_, n) => n !== 1), 2, "record 2 is missing"],
    ["moved", (all) => [all[0] ?? "", all[2] ?? "", all[1] ?? ""], 2, "record 2 is missing"],
    ["repeated", (all) => [...all.slice(0, 2), ...all.slice(1)], 3, "record 3 is missing"],
    ["replaced by rubbish", (all) => [...all.slice(0, 2), "{"], 3, "was changed"],
  ];
  for (const [what, change, line, why] of TAMPERED) {
    it(`shows where a line was ${what}`, async () => {
      const { trail } = await start();
      for (const name of ["a", "b", "c"]) await trail.record(entry(name));
      const { broken } = verifyChain(change(await lines()));
      expect(broken?.line).to.equal(line);
      expect(broken?.why).to.include(why);
    });
  }

  it("shows a chain that was computed anew for a record in the middle", async () => {
    const { trail } = await start();
    for (const name of ["a", "b"]) await trail.record(entry(name));
    const own = await lines();
    await rm(join(dir, "audit.jsonl"));
    const other = await start();
    for (const name of ["x", "y"]) await other.trail.record(entry(name));
    const forged = [own[0] ?? "", (await lines())[1] ?? ""];
    expect(verifyChain(forged).broken?.line).to.equal(2);
  });

  it("does not continue after a last line that was changed", async () => {
    const { trail, file } = await start();
    await trail.record(entry("a"));
    await file.close();
    const path = join(dir, "audit.jsonl");
    await writeFile(path, (await readFile(path, "utf8")).replace("ann", "bob"));
    expect(await start().catch((error: Error) => error.message)).to.include("was changed");
  });

  it("rejects what cannot be stored, counts it, and goes on with an unbroken chain", async () => {
    const { trail, file, failures } = await start();
    await trail.record(entry("a"));
    await file.close();
    const errors = await Promise.all(
      [trail.record(entry("b")), trail.record(entry("c"))].map((one) => one.catch((error: Error) => error.message)),
    );
    expect(errors).to.have.length(2);
    expect(errors[0]).to.include("not open");
    expect(failures()).to.equal(2);
    await file.open();
    await trail.record(entry("d"));
    expect(verifyChain(await lines())).to.deep.equal({ records: 2, broken: undefined });
  });

  it("without files, is a chain in the log", async () => {
    const logger = new FakeLogger();
    const trail = new AuditTrail({ clock: new FakeClock(), logger, file: undefined, onFailure: () => {} });
    await trail.record(entry("a"));
    await trail.record(entry("b"));
    const text = JSON.stringify(logger.lines);
    expect(text).to.include('"number":1').and.to.include('"number":2');
  });

  it("is verified by the command line, which fails at a line that was changed", async () => {
    const { trail } = await start();
    for (const name of ["a", "b", "c"]) await trail.record(entry(name));
    const path = join(dir, "audit.jsonl");
    const last = JSON.parse((await lines()).at(-1) ?? "").hash as string;
    const intact = await runOverseer(["audit", "verify", path]);
    expect(intact.stdout).to.include("3 records are intact").and.include(last);
    await writeFile(path, (await readFile(path, "utf8")).replace('"name":"b"', '"name":"x"'));
    const { code, stderr } = await runOverseer(["audit", "verify", path]);
    expect(code).to.equal(1);
    expect(stderr).to.include("broken after record 1");
  });

  it("is collected from all replicas, and verified, by the commands of the documentation", async () => {
    const root = dir;
    const replicas = ["overseer-gitops-api-0", "overseer-gitops-api-1"];
    for (const replica of replicas) {
      dir = join(root, replica);
      await mkdir(dir);
      const { trail, file } = await start({ maxBytes: 1_000 });
      for (const name of ["a", "b", "c", "d"]) await trail.record(entry(`${name}-of-${replica}`));
      await file.close();
      expect((await readdir(dir)).length, "files of a replica").to.be.above(1);
    }
    dir = root;
    // Lists the replicas, and runs commands in their directories.
    const kubectl = `#!/bin/sh
case "$3" in
get) for pod in ${replicas.join(" ")}; do echo "pod/$pod"; done ;;
exec) exec "$6" "$7" "$(printf %s "$8" | sed "s#/var/lib/overseer/audit/api#${root}/\${4#pod/}#")" ;;
esac
`;
    const programs = { kubectl, overseer: `#!/bin/sh\nexec '${process.execPath}' '${OVERSEER}' "$@"\n` };
    for (const [name, text] of Object.entries(programs)) await writeFile(join(dir, name), text, { mode: 0o755 });
    const page = await readFile(join(repositoryRoot(), "docs/audit.md"), "utf8");
    const script = /^```sh\n(for pod in .*?)^```$/ms.exec(page)?.[1] ?? "exit 1";
    const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
    const { stdout } = await promisify(execFile)("sh", ["-ec", script], { cwd: dir, env });
    expect(stdout.match(/^4 records are intact/gm)).to.have.length(2);
    for (const replica of replicas) expect(stdout).to.match(new RegExp(`ann +sync +OverseerApp shop/d-of-${replica} `));
  });
});
