import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type AuditRecord, verifyChain } from "../../src/audit/record.js";
import { waitUntil } from "../../tools/wait-until.js";
import { configMap, World } from "../support/world.js";

describe("The audit trail of the operator", function () {
  this.timeout(120_000);
  let world: World;
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "overseer-audit-"));
    world = await World.create("audit", { operator: { flags: [`--audit-dir=${dir}`] } });
  });
  after(async () => {
    await world?.remove();
    await rm(dir, { recursive: true, force: true });
  });

  const lines = async (): Promise<string[]> => (await readFile(join(dir, "audit.jsonl"), "utf8")).trimEnd().split("\n");
  const said = async (): Promise<string[]> =>
    (await lines())
      .map((line) => JSON.parse(line) as AuditRecord)
      .map(({ verb, outcome, object }) => `${object.name} ${verb} ${outcome}`);
  const until = (text: string): Promise<unknown> =>
    waitUntil({ what: `the trail has ${text}`, timeoutMs: 60_000 }, async () => (await said()).includes(text));

  it("has each sync, heal, prune and refusal, and outlives a kill in the middle of a sync", async () => {
    const canary = world.canary();
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData: { password: ${canary} }\n`;
    const repo = await world.repository("web", {
      "a.yaml": configMap("web", { v: "1" }),
      "old.yaml": configMap("old", {}),
      "s.yaml": secret,
    });
    await world.app("web", "web", ".");
    await world.synced("web");
    await world.kube.patch(world.configMap("web"), { data: { v: "drift" } });
    await until("web heal Succeeded");
    await repo.commit({ "old.yaml": null }, "remove old");
    await world.poll("web");
    await until("web prune Succeeded");
    await repo.commit(
      { "bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad }\ndata: { n: 1 }\n" },
      "refused",
    );
    await world.poll("web");
    await until("web sync Refused");

    await world.operator.stop("SIGKILL");
    await repo.commit({ "bad.yaml": null, "new.yaml": configMap("new", {}) }, "more");
    await world.operator.start({ failpoint: "app:after-first-write" });
    await world.operator.ended();
    await until("web sync Started");
    const before = (await lines()).length;
    await world.operator.start({ failpoint: undefined });
    await world.synced("web", await repo.head());

    const all = await lines();
    expect(verifyChain(all)).to.deep.equal({ records: all.length, broken: undefined });
    expect(all.length).to.be.greaterThan(before);
    expect((await said()).filter((text) => text === "web sync Succeeded").length).to.be.at.least(3);
    expect(all.join("\n")).not.to.include(canary);
    expect(
      verifyChain(all.map((line, n) => (n === 1 ? line.replace("Succeeded", "Failed") : line))).broken?.line,
    ).to.equal(2);
  });

  it("is in the log as well, record by record", async () => {
    const log = await world.operator.log();
    const logged = log.split("\n").filter((line) => line.includes('"msg":"audit"'));
    expect(logged.length).to.be.greaterThan(0);
    const file = new Set((await lines()).map((line) => (JSON.parse(line) as AuditRecord).hash));
    for (const line of logged) expect(file).to.include((JSON.parse(line) as { audit: AuditRecord }).audit.hash);
  });
});
