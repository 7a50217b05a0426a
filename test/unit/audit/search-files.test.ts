import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { AuditFile } from "../../../src/audit/audit-file.js";
import type { AuditFilter } from "../../../src/audit/audit-query.js";
import { AuditTrail } from "../../../src/audit/audit-trail.js";
import { searchFiles } from "../../../src/audit/search-files.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

describe("Searching the audit trail", () => {
  let dir: string;
  const clock = new FakeClock();
  let trail: AuditTrail;
  let file: AuditFile;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "overseer-audit-"));
    file = new AuditFile({ dir, maxBytes: 12_000, maxFiles: 10 });
    await file.open();
    trail = new AuditTrail({ clock, logger: new FakeLogger(), file, onFailure: () => {} });
  });
  afterEach(async () => {
    await file.close();
    await rm(dir, { recursive: true, force: true });
  });

  const write = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      clock.advance(1_000);
      const app = n % 3 === 0 ? "web" : "cart";
      await trail.record({
        ...{ actor: n % 2 === 0 ? "ann" : "bob", verb: "sync", outcome: "Succeeded" },
        object: { kind: "OverseerApp", namespace: "shop", name: app },
      });
    }
  };
  const numbers = async (filter: AuditFilter, limit: number): Promise<number[][]> => {
    const pages: number[][] = [];
    let before: string | undefined;
    do {
      const { hits, next } = await searchFiles(dir, { filter, limit, before });
      pages.push(hits.map(({ record }) => record.number));
      before = next;
    } while (before !== undefined);
    return pages;
  };

  it("returns every record once, newest first, page by page over all files", async () => {
    await write(120);
    expect((await readdir(dir)).length).to.be.greaterThan(2);
    const pages = await numbers({}, 7);
    expect(pages.flat()).to.deep.equal(Array.from({ length: 120 }, (_, n) => 120 - n));
    expect(pages[0]).to.have.length(7);
  });

  it("filters by user, object, outcome and time", async () => {
    await write(30);
    const ofAnnOnWeb = (await numbers({ user: "ann", namespace: "shop", name: "web" }, 100)).flat();
    expect(ofAnnOnWeb).to.deep.equal([25, 19, 13, 7, 1]);
    expect((await numbers({ outcome: "Failed" }, 100)).flat()).to.deep.equal([]);
    const since = clock.now() - 2_000;
    expect((await numbers({ since }, 100)).flat()).to.deep.equal([30, 29, 28]);
    expect((await numbers({ until: since }, 3)).flat()[0]).to.equal(27);
  });

  it("continues at the same record after the file was completed and renamed", async () => {
    await write(20);
    const { hits, next } = await searchFiles(dir, { filter: {}, limit: 5 });
    expect(hits.map(({ record }) => record.number)).to.deep.equal([20, 19, 18, 17, 16]);
    await write(60);
    const older = await searchFiles(dir, { filter: {}, limit: 5, before: next });
    expect(older.hits.map(({ record }) => record.number)).to.deep.equal([15, 14, 13, 12, 11]);
    const broken = await searchFiles(dir, { filter: {}, limit: 2, before: "16-3" });
    expect(broken.hits.map(({ record }) => record.number)).to.deep.equal([15, 14]);
  });

  it("leaves out a line that was changed, counts it, and ignores one that is not complete", async () => {
    await write(5);
    const path = join(dir, "audit.jsonl");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"number":3,', '"number":3,"x":1,'));
    await appendFile(path, '{"chain":"torn');
    const { hits, damaged } = await searchFiles(dir, { filter: {}, limit: 10 });
    expect(hits.map(({ record }) => record.number)).to.deep.equal([5, 4, 2, 1]);
    expect(damaged).to.equal(1);
    await rename(path, join(dir, "elsewhere"));
    expect((await searchFiles(dir, { filter: {}, limit: 10 })).hits).to.deep.equal([]);
  });

  it("has the latest records in memory without files, and says since when", async () => {
    const memory = new AuditTrail({ clock, logger: new FakeLogger(), file: undefined, onFailure: () => {} });
    const begin = memory.begins;
    for (const name of ["a", "b", "c"])
      await memory.record({ actor: "ann", verb: "sync", outcome: "Started", object: { kind: "Change", name } });
    const first = await memory.search({ filter: {}, limit: 2 });
    expect(first.hits.map(({ record }) => record.object.name)).to.deep.equal(["c", "b"]);
    const second = await memory.search({ filter: {}, limit: 2, before: first.next });
    expect(second.hits.map(({ record }) => record.object.name)).to.deep.equal(["a"]);
    expect(second.next).to.equal(undefined);
    expect([memory.stored, memory.begins]).to.deep.equal(["memory", begin]);
    for (let n = 0; n < 1_200; n++)
      await memory.record({ actor: "ann", verb: "sync", outcome: "Started", object: { kind: "Change", name: "d" } });
    const all = await memory.search({ filter: {}, limit: 5_000 });
    expect(all.hits).to.have.length(1_000);
  });
});
