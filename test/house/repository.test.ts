import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { RESOURCES } from "../../src/api/resources.js";
import { VERSION } from "../../src/version.js";
import { outputsOf } from "../../tools/generate/outputs.js";
import { staleFiles } from "../../tools/generate/write.js";
import { repositoryRoot } from "../../tools/repository-root.js";

const root = repositoryRoot();

interface Lock {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly version?: string }>>;
}

interface Package {
  readonly version: string;
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(root, path), "utf8")) as T;
}

describe("the repository", () => {
  it("has generated files that are up to date", async function () {
    this.timeout(240_000);
    expect(await staleFiles(root, outputsOf(RESOURCES)), "run make generate").to.deep.equal([]);
  });

  it("is formatted and linted", function () {
    this.timeout(240_000);
    const biome = join(root, "node_modules/.bin/biome");
    const { status, stdout } = spawnSync(biome, ["check", "--reporter=summary", "--colors=off"], {
      cwd: root,
      encoding: "utf8",
    });
    if (status !== 0) expect.fail(`run npx biome check --write\n${stdout}`);
  });

  it("carries its licence", async () => {
    expect(await readFile(join(root, "LICENSE"), "utf8"))
      .to.include("Apache License")
      .and.include("Version 2.0");
    expect((await readJson<Package>("package.json")).license).to.equal("Apache-2.0");
  });

  it("has one version", async () => {
    expect((await readJson<Package>("package.json")).version).to.equal(VERSION);
  });

  it("locks packages without saying where they come from", async () => {
    const { packages } = await readJson<Lock>("package-lock.json");
    const named = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined);
    expect(named.map(([name]) => name)).to.deep.equal([]);
  });

  it("pins what it runs on, and undici to the line that Node 20 can load", async () => {
    const { dependencies, engines } = await readJson<Package>("package.json");
    expect(Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).to.deep.equal([]);
    expect(engines.node).to.equal(">=20.19");
    const { packages } = await readJson<Lock>("package-lock.json");
    const copies = Object.entries(packages).filter(([path]) => /(^|\/)node_modules\/undici$/.test(path));
    expect(copies.map(([, { version }]) => version?.split(".")[0])).to.deep.equal(["7"]);
  });
});
