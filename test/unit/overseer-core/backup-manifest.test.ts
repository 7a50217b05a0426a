import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { stagingOf } from "../../../src/overseer-core/agent/backup/replace-directories.js";
import type { Restic, Snapshot } from "../../../src/overseer-core/agent/backup/restic.js";
import { findSnapshot, manifestOf, outermost, stage } from "../../../src/overseer-core/agent/docker/backup-manifest.js";
import { untilUndisturbed } from "../../../src/overseer-core/agent/docker/stopped-apps.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";

const DATA = "/var/lib/docker/volumes/db/_data";
const MANIFEST_FILE = "/data/backup/shop/overseer-backup.json";

function snapshot(id: string, hostname: string, tags: string[] = []): Snapshot {
  return { id, short_id: id, time: "2026-05-01T00:00:00Z", hostname, tags, paths: [MANIFEST_FILE, DATA, "/srv/files"] };
}

/** A repository that contains what is given. */
function repository(content: Partial<Pick<Restic, "snapshots" | "dump" | "restore">>): Restic {
  return content as unknown as Restic;
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

describe("what is restored from a repository", () => {
  const manifest = (...paths: string[]) => {
    const directories = paths.map((path, index) => ({ key: `volume ${index}`, path }));
    return JSON.stringify({ format: 1, app: "shop", version: 1, directories });
  };
  const read = (text: string) => manifestOf(repository({ dump: async () => text }), snapshot("aa", "one"));

  it("are directories that the snapshot contains", async () => {
    const { directories } = await read(manifest(DATA, "/srv//files/"));
    expect(directories.map(({ path }) => path)).to.deep.equal([DATA, "/srv/files"]);
    for (const path of [`${DATA}/../../../../../../etc`, "../etc", "srv/files", "/etc", "/", "", "/srv/./files/.."]) {
      expect(await failure(read(manifest(path))), path).to.match(
        /^BackupError: snapshot aa has a false overseer-backup\.json: it does not contain .*; someone may have changed/,
      );
    }
    const twice = JSON.parse(manifest(DATA));
    twice.directories.push({ key: "volume 0", path: "/srv/files" });
    expect(await failure(read(JSON.stringify(twice)))).to.match(/^BackupError: snapshot aa has a false overseer-b/);
  });

  it("are refused if the description is no JSON or of a later version", async () => {
    expect(await failure(read("{"))).to.match(/^BackupError: overseer-backup\.json of snapshot aa is not JSON/);
    expect(await failure(read('{"format": 2}'))).to.match(/^BackupError: snapshot aa was made by a later version/);
  });

  it("is by default the latest complete backup of the same node, or else of another one", async () => {
    const latest = async (...all: Snapshot[]) =>
      (await findSnapshot(repository({ snapshots: async () => all }), "shop", "latest", "one")).id;
    const incomplete = snapshot("aa", "one", ["overseer-incomplete"]);
    expect(await latest(incomplete, snapshot("bb", "two"), snapshot("cc", "one"))).to.equal("cc");
    expect(await latest(incomplete, snapshot("bb", "two"))).to.equal("bb");
  });

  it("is a directory once that is part of another one", async () => {
    const pair = (key: string, from: string, path: string) => ({ from, to: { key, path } });
    const all = [pair("volume c", "/a/b/c", "/x/b/c"), pair("directory", "/a", "/x"), pair("volume b", "/a/b", "/x/b")];
    const others = [pair("volume d", "/ab", "/xb"), pair("volume e", "/ab", "/xb")];
    expect(outermost([...all, ...others], "aa").map(({ to }) => to.key)).to.deep.equal(["directory", "volume d"]);
    expect(() => outermost([pair("volume b", "/b", "/x/b"), pair("directory", "/a", "/x")], "aa")).to.throw(
      "the app has its volume b in its directory, and backup aa has it elsewhere: deploy the version",
    );
  });

  describe("beside the present data", () => {
    let folder: TemporaryFolder;
    let target: string;
    beforeEach(async () => {
      folder = await makeTemporaryFolder("overseer-stage-");
      target = join(folder.path, "_data");
    });
    afterEach(() => folder.remove());

    const staged = (make: (content: string) => void) => {
      const restore = async (): Promise<void> => {
        const content = join(stagingOf(target), DATA);
        mkdirSync(dirname(dirname(content)), { recursive: true });
        make(content);
      };
      return failure(stage(repository({ restore }), "aa", DATA, target));
    };

    it("is a directory at each part of its path, and never a symbolic link", async () => {
      expect(await staged((content) => mkdirSync(content, { recursive: true }))).to.equal("no error");
      expect(await staged(() => {})).to.equal(`BackupError: backup aa has no content of ${DATA}`);
      mkdirSync(join(folder.path, "other/_data"), { recursive: true });
      expect(await staged((content) => symlinkSync(join(folder.path, "other"), dirname(content)))).to.equal(
        "BackupError: backup aa has no directory /var/lib/docker/volumes/db, but a symbolic link: choose another backup, or restore it by restic",
      );
      const link = (content: string): void => {
        mkdirSync(dirname(content));
        symlinkSync(folder.path, content);
      };
      expect(await staged(link)).to.include(`no directory ${DATA}, but a symbolic link`);
      const file = (content: string): void => {
        mkdirSync(dirname(content));
        writeFileSync(content, "");
      };
      expect(await staged(file)).to.include(`no directory ${DATA}, but a file`);
    });
  });
});

describe("copies of the data of a stopped app", () => {
  it("are made again when something starts it meanwhile, and fail after three", async () => {
    const lines: string[] = [];
    const results = (...values: (string | undefined)[]) => ({ values, copy: async () => values.shift() });
    const log = (line: string): void => void lines.push(line);
    expect(await untilUndisturbed(results(undefined, undefined, "third").copy, log)).to.equal("third");
    expect(lines).to.have.length(2);
    const always = results(undefined, undefined, undefined, "fourth");
    expect(await failure(untilUndisturbed(always.copy, log))).to.match(
      /^BackupError: containers were started by something else during each of 3 copies of their data: stop what/,
    );
    expect(always.values).to.deep.equal(["fourth"]);
  });
});
