import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import type { DiskCacheOptions } from "../../../src/render/disk-cache.js";
import type { RendererOutput } from "../../../src/render/renderer.js";
import { DiskResults } from "../../../src/render/result-store.js";

const KEY = (digit: number): string => String(digit).repeat(32);

function output(value: unknown): RendererOutput {
  const object = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { value } };
  return { documents: [{ object, origin: { file: "a.yaml" }, bodyHash: "h", dropped: [] }], notes: [], problems: [] };
}

describe("DiskResults", () => {
  let folder: string;
  let now = Date.now();
  const clock = { ...systemClock, now: () => now };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-results-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const store = (options: Partial<DiskCacheOptions> = {}): DiskResults =>
    new DiskResults({
      folder: join(folder, "renders"),
      secret: "s",
      version: "1",
      maxBytes: 2 ** 20,
      clock,
      ...options,
    });
  const files = (): Promise<string[]> => readdir(join(folder, "renders"));

  it("gives back what another process has kept", async () => {
    expect(await store().get(KEY(1))).to.equal(undefined);
    await store().put(KEY(1), output("x"));
    expect(await store().get(KEY(1))).to.deep.equal(output("x"));
  });

  it("writes no value in clear text, compressed or not", async () => {
    const secret = "hunter2-".repeat(40);
    await store().put(KEY(1), output(secret));
    const bytes = await readFile(join(folder, "renders", KEY(1)));
    expect(bytes.includes("hunter2")).to.equal(false);
    expect(bytes.includes(Buffer.from([0x1f, 0x8b, 0x08]))).to.equal(false);
  });

  const useless: readonly [name: string, options: Partial<DiskCacheOptions>][] = [
    ["another installation", { secret: "t" }],
    ["another version of the program", { version: "2" }],
  ];
  for (const [name, options] of useless) {
    it(`gives nothing that ${name} has kept, and removes it`, async () => {
      await store().put(KEY(1), output("x"));
      expect(await store(options).get(KEY(1))).to.equal(undefined);
      expect(await files()).to.deep.equal([]);
    });
  }

  it("gives nothing that was damaged, cut, or stands under another key", async () => {
    const path = join(folder, "renders", KEY(1));
    await store().put(KEY(1), output("x"));
    const bytes = await readFile(path);
    await writeFile(join(folder, "renders", KEY(2)), bytes);
    expect(await store().get(KEY(2))).to.equal(undefined);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(await store().get(KEY(1))).to.equal(undefined);
    await store().put(KEY(1), output("x"));
    await truncate(path, 5);
    expect(await store().get(KEY(1))).to.equal(undefined);
    expect(await files()).to.deep.equal([]);
  });

  it("keeps within its size: what was not used for the longest time goes first", async () => {
    const random = (): string => Array.from({ length: 3000 }, () => Math.random().toString(36)).join("");
    await store().put(KEY(1), output(random()));
    const { size } = await stat(join(folder, "renders", KEY(1)));
    const maxBytes = 2.5 * size;
    const small = store({ maxBytes });
    for (const digit of [1, 2]) {
      now += 7_200_000;
      await small.put(KEY(digit), output(random()));
    }
    now += 7_200_000;
    expect(await small.get(KEY(1))).not.to.equal(undefined);
    now += 7_200_000;
    // Another process knows it by the times of the files.
    await store({ maxBytes }).put(KEY(3), output(random()));
    expect((await files()).sort()).to.deep.equal([KEY(1), KEY(3)]);
    await small.put(KEY(4), output(random() + random() + random() + random()));
    expect((await files()).sort()).to.deep.equal([KEY(1), KEY(3)]);
  });

  it("does without a folder that cannot be written, and removes what a killed process has left", async () => {
    await writeFile(join(folder, "file"), "");
    const broken = store({ folder: join(folder, "file") });
    await broken.put(KEY(1), output("x"));
    expect(await broken.get(KEY(1))).to.equal(undefined);
    await store().put(KEY(1), output("x"));
    await writeFile(join(folder, "renders", `${KEY(2)}.abc.tmp`), "half");
    await store().put(KEY(3), output("x"));
    expect((await files()).sort()).to.deep.equal([KEY(1), KEY(3)]);
  });

  it("does not keep what JSON cannot carry", async () => {
    await store().put(KEY(1), output(2n ** 60n));
    expect(await store().get(KEY(1))).to.equal(undefined);
  });
});
