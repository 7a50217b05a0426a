import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { DeployedRecord, DeployedRecords } from "../../../src/overseer-core/agent/docker/deployed-record.js";
import type { DockerEngine } from "../../../src/overseer-core/agent/docker/engine.js";
import { UnusedImages } from "../../../src/overseer-core/agent/docker/unused-images.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

const DAY = 24 * 60 * 60_000;

describe("images that apps do not use any more", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-images-");
  });
  afterEach(() => folder.remove());

  /** An app that runs an image, on a node with the images `tags` by ID. */
  const bench = (tags: Record<string, string[]>) => {
    const clock = new FakeClock();
    const removed: string[] = [];
    let finds = (): void => {};
    let running: { image: string; imageName: string } | undefined;
    const images = {
      find: async (id: string) => {
        finds();
        const left = (tags[id] ?? []).filter((tag) => !removed.includes(tag));
        return tags[id] === undefined || removed.includes(id)
          ? undefined
          : { Id: id, RepoTags: left, RepoDigests: ["x@sha256:1"] };
      },
      remove: async (name: string) => removed.push(name) > 0,
    };
    const records = {
      all: () => (running === undefined ? [] : [{ containers: [running] } as unknown as DeployedRecord]),
    };
    const unused = new UnusedImages({
      dataDir: folder.path,
      engine: { images } as unknown as DockerEngine,
      records: records as unknown as DeployedRecords,
      keepMs: 7 * DAY,
      clock,
      logger: new FakeLogger(),
    });
    const run = (image: string, imageName: string): void => {
      running = { image, imageName };
    };
    const onFind = (call: () => void): void => {
      finds = call;
    };
    return { clock, removed, unused, run, onFind };
  };
  const prune = (unused: UnusedImages) => unused.prune(new AbortController().signal);

  it("stay for the whole time after an upgrade, also if they were in use for long", async () => {
    const { clock, removed, unused, run } = bench({ one: ["a:1"], two: ["a:2"] });
    run("one", "a:1");
    await prune(unused);
    clock.advance(30 * DAY);
    unused.note();
    run("two", "a:2");
    await prune(unused);
    expect(removed).to.deep.equal([]);
    clock.advance(7 * DAY);
    await prune(unused);
    expect(removed).to.deep.equal(["a:1", "one"]);
  });

  it("stay while a job starts containers, which waits for a removal in progress", async () => {
    const { clock, removed, unused, run, onFind } = bench({ one: ["a:1"], two: ["a:2"] });
    run("one", "a:1");
    unused.note();
    run("two", "a:2");
    clock.advance(8 * DAY);
    await unused.keeping(() => prune(unused));
    expect(removed).to.deep.equal([]);
    let started: Promise<string[]> | undefined;
    onFind(() => {
      started ??= unused.keeping(async () => [...removed]);
    });
    await prune(unused);
    expect(await started, "when the work starts").to.deep.equal(["a:1", "one"]);
  });

  it("do not fail a job when their use cannot be stored", async () => {
    const { unused, run } = bench({ one: ["a:1"] });
    run("one", "a:1");
    mkdirSync(join(folder.path, "images.json.new"));
    unused.note();
    await prune(unused);
  });

  it("are noted when the agent starts", async () => {
    const { clock, unused, run } = bench({ one: ["a:1"] });
    run("one", "a:1");
    clock.advance(DAY);
    const stop = new AbortController();
    const running = unused.run(stop.signal);
    const noted = JSON.parse(readFileSync(join(folder.path, "images.json"), "utf8"));
    stop.abort();
    await running;
    expect(noted).to.deep.equal({ one: { names: ["a:1"], lastUsed: clock.now() } });
  });

  it("are removed when their names are written in another way than the engine shows them", async () => {
    const { clock, removed, unused, run } = bench({
      one: ["nginx:latest"],
      two: ["nginx:1"],
      three: ["b:1", "other:1"],
    });
    for (const [id, name] of [
      ["one", "nginx"],
      ["two", "docker.io/library/nginx:1"],
      ["three", "b:1"],
    ] as const) {
      run(id, name);
      unused.note();
    }
    run("four", "c:1");
    clock.advance(8 * DAY);
    await prune(unused);
    expect(removed, "not one with another name").to.deep.equal(["nginx:latest", "one", "nginx:1", "two"]);
  });
});
