import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { readSimulation } from "../../../src/overseer-core/agent/simulated-compose.js";
import { SimulatedRunner } from "../../../src/overseer-core/agent/simulated-runner.js";
import { Encryption } from "../../../src/overseer-core/encryption.js";
import { secretNames } from "../../../src/overseer-core/operations/compose.js";
import { Database } from "../../../src/overseer-core/store/database.js";
import { migrate } from "../../../src/overseer-core/store/schema.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { rejection } from "../support/eventually.js";
import { FakeClock } from "../support/fake-clock.js";

const NONE: ReadonlyMap<string, string> = new Map();

describe("references to secrets", () => {
  it("are found, once each, unless they are escaped or none", () => {
    const text = "a: ${SECRET:b} ${SECRET:a-1.x} ${SECRET:b} $${SECRET:no} ${SECRET:} ${SECRET:-x} ${OTHER} $SECRET:c";
    expect(secretNames(text)).to.deep.equal(["a-1.x", "b"]);
  });

  it("are read from the left: a dollar sign before one does not hide it", () => {
    expect(secretNames("$$${SECRET:a} $$$${SECRET:no} $$$$${SECRET:b}")).to.deep.equal(["a", "b"]);
  });
});

describe("sealed texts", () => {
  const encryption = new Encryption(new Uint8Array(32).fill(7));

  it("open for what they belong to, unchanged, and are never the same twice", () => {
    const sealed = encryption.encrypt("välue", "id\nname");
    expect(encryption.decrypt(sealed, "id\nname")).to.equal("välue");
    expect(Buffer.from(encryption.encrypt("välue", "id\nname")).equals(sealed)).to.equal(false);
    const code = (work: () => unknown) => expect(work).to.throw().with.property("code", "CORE_KEY_WRONG");
    code(() => encryption.decrypt(sealed, "other\nname"));
    code(() => new Encryption(new Uint8Array(32)).decrypt(sealed, "id\nname"));
    for (const at of [0, 12, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      code(() => encryption.decrypt(changed, "id\nname"));
    }
    code(() => encryption.decrypt(new Uint8Array(3), "id\nname"));
  });
});

describe("the database of a Core", () => {
  let folder: TemporaryFolder;
  let database: Database;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-core-test-");
    database = Database.open(join(folder.path, "core.db"));
    migrate(database);
  });
  afterEach(async () => {
    database.close();
    await folder.remove();
  });

  it("writes through to the disk before it says so", () => {
    expect(database.query("PRAGMA synchronous").get()).to.include({ synchronous: 2 });
    expect(database.query("PRAGMA journal_mode").get()).to.include({ journal_mode: "wal" });
  });

  it("keeps nothing of what throws, and calls nobody", () => {
    const calls: string[] = [];
    const attempt = () =>
      database.transaction(() => {
        database.execute("UPDATE state SET revision = 5");
        database.afterCommit(() => calls.push("lost"));
        database.transaction(() => database.execute("UPDATE state SET revision = 6"));
        throw new Error("no");
      });
    expect(attempt).to.throw("no");
    expect(database.query("SELECT revision FROM state").get()).to.include({ revision: 0 });
    database.transaction(() => database.afterCommit(() => calls.push("kept")));
    expect(calls).to.deep.equal(["kept"]);
  });

  it("is not opened by an earlier version", () => {
    database.execute("PRAGMA user_version = 99");
    expect(() => migrate(database))
      .to.throw()
      .with.property("code", "CORE_DATA_NEWER");
  });

  it("is not opened twice", () => {
    expect(() => Database.open(join(folder.path, "core.db")))
      .to.throw()
      .with.property("code", "CORE_DATA_LOCKED");
  });
});

describe("the simulated runner", () => {
  it("reads services, volumes and how long a start takes", () => {
    const { services, volumes } = readSimulation(
      `services:
  a: {image: "x:1", labels: {overseer.simulated.seconds: "2.5"}, volumes: ["data:/d", "/host:/h", "./here:/x", "anonymous"]}
  b: {image: "y", labels: ["overseer.simulated.seconds=-1"], volumes: [{type: bind, source: /p}, {type: volume, source: v2}]}
volumes: {declared: null}
`,
      NONE,
    );
    expect([...services].map(([name, { image, seconds }]) => [name, image, seconds])).to.deep.equal([
      ["a", "x:1", 2.5],
      ["b", "y", 0],
    ]);
    expect(volumes).to.deep.equal(["data", "declared", "v2"]);
  });

  for (const [what, compose, message] of [
    ["no image", "services: {a: {build: .}}", /no image/],
    ["a service that is no mapping", "services: {a: [1]}", /not a mapping/],
    ["a secret that is not there", "services: {a: {image: x, command: '${SECRET:s}'}}", /secret s not found/],
    ["aliases that grow without end", bomb(), /too large/],
  ] as const) {
    it(`does not run ${what}`, () => {
      expect(() => readSimulation(compose, NONE))
        .to.throw(message)
        .with.property("code", "RUN_FAILED");
    });
  }

  it("breaks off when it is told to, and has started nothing by then", async () => {
    const folder = await makeTemporaryFolder("overseer-agent-test-");
    const clock = new FakeClock();
    const runner = new SimulatedRunner(folder.path, clock);
    const compose = "services: {a: {image: x, labels: {overseer.simulated.seconds: '60'}, volumes: ['v:/v']}}";
    const stop = new AbortController();
    const lines: string[] = [];
    const run = (signal: AbortSignal) =>
      runner.deploy(
        { version: 1, project: "p", compose, secrets: NONE, pullSecrets: NONE },
        (line) => lines.push(line),
        signal,
      );
    const broken = rejection(run(stop.signal));
    expect(clock.timers).to.deep.equal([60_000]);
    stop.abort(new Error("stop"));
    expect(((await broken) as Error).message).to.equal("stop");
    expect(clock.timers).to.deep.equal([]);
    const state = () => JSON.parse(readFileSync(join(folder.path, "simulated", "p.json"), "utf8"));
    expect(Object.keys(state().services)).to.deep.equal([]);
    const again = run(new AbortController().signal);
    clock.advance(60_000);
    expect(await again).to.deep.equal({ runner: "simulated", services: ["a"], volumes: ["v"] });
    expect(state().services.a.image).to.equal("x");
    await folder.remove();
  });
});

/** A small document whose one service is many megabytes when its aliases are followed. */
function bomb(): string {
  const lines = ["x0: &x0 [aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa]"];
  for (let level = 1; level <= 8; level++) {
    lines.push(`x${level}: &x${level} [${Array.from({ length: 10 }, () => `*x${level - 1}`).join(", ")}]`);
  }
  return `${lines.join("\n")}\nservices: {a: {image: x, command: *x8}}\n`;
}
