import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { OverseerError } from "../../../src/base/errors.js";
import { DEFAULT_RENDER_LIMITS } from "../../../src/render/limits.js";
import { RenderError } from "../../../src/render/render-error.js";
import { SnapshotFiles } from "../../../src/render/snapshot-files.js";
import { type CopiedFiles, Workspace } from "../../../src/render/workspace.js";
import { makeWorkspaceFolder } from "../../../src/render/workspace-folder.js";
import { FileDecryptor } from "../../../src/secrets/file-decryptor.js";
import { makeTemporaryFolder } from "../../../tools/temporary-folder.js";
import { type MemoryFile, MemorySnapshot } from "./support/memory-snapshot.js";

/** A copy of the files of a commit, found by their paths. */
async function copyOf(files: Readonly<Record<string, MemoryFile>>, to = "repo"): Promise<CopiedFiles> {
  const found = new SnapshotFiles(new MemorySnapshot(files));
  for (const path of Object.keys(files)) await found.find(path);
  return { files: found, decryptor: new FileDecryptor(undefined), to };
}

/** Files of `bytes` each. */
function filesOf(count: number, bytes: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`many/${index % 7}/${index}.txt`, String(index).padEnd(bytes, "x")]),
  );
}

describe("Workspace", () => {
  const limits = DEFAULT_RENDER_LIMITS;

  it("copies few, many and large files, and removes them", async () => {
    for (const files of [filesOf(5, 20), filesOf(300, 20), filesOf(40, 64 * 1024)]) {
      const folder = await Workspace.use(async (workspace) => {
        await workspace.copy([await copyOf(files)], limits);
        for (const [path, text] of Object.entries(files)) {
          expect(await readFile(workspace.repositoryPath(path), "utf8")).to.equal(text);
        }
        expect((await readdir(workspace.folder)).sort()).to.deep.equal(["home", "repo"]);
        expect((await stat(workspace.folder)).mode & 0o777).to.equal(0o700);
        const file = await workspace.write("values/app.yaml", "a: 1\n");
        expect((await stat(file)).mode & 0o777).to.equal(0o600);
        return workspace.folder;
      });
      expect(await stat(folder).catch(() => undefined)).to.equal(undefined);
    }
  });

  it("has its folder in memory if its content is small or secret", async () => {
    const memory = await makeTemporaryFolder("overseer-memory-");
    const places = [
      { bytes: 1000, secret: false, inMemory: true },
      { bytes: 2 ** 24, secret: false, inMemory: false },
      { bytes: 2 ** 24, secret: true, inMemory: true },
    ];
    for (const { inMemory, ...content } of places) {
      const folder = await makeWorkspaceFolder(content, memory.path);
      expect(folder.inMemory).to.equal(inMemory);
      expect(folder.path.startsWith(`${memory.path}/`)).to.equal(inMemory);
      await rm(folder.path, { recursive: true });
    }
    await memory.remove();
    const folder = await makeWorkspaceFolder({ bytes: 1, secret: true }, memory.path);
    expect(folder.inMemory).to.equal(false);
    await rm(folder.path, { recursive: true });
  });

  it("has its folder on disk if more is to come than is small, which counts for the limits", async () => {
    const copy = await copyOf(filesOf(2, 10));
    await Workspace.use(async (workspace) => {
      await workspace.copy([copy], limits, 2 ** 24);
      expect(workspace.folder.startsWith(`${tmpdir()}/`), workspace.folder).to.equal(true);
    });
    const work = Workspace.use((workspace) => workspace.copy([copy], { ...limits, maxTotalBytes: 1000 }, 990));
    expect(String(await work.catch((error: unknown) => error))).to.contain("more than 1000 bytes");
  });

  it("copies several commits beside each other, with links to folders", async () => {
    const files = { "real/a.yaml": "a", link: { link: "real" }, "deep/link": { link: "../real" } };
    await Workspace.use(async (workspace) => {
      await workspace.copy([await copyOf(files), await copyOf({ "b.yaml": "b" }, "bases/0")], limits);
      expect(await readlink(workspace.path("repo/deep/link"))).to.equal("../real");
      expect(await readFile(workspace.path("repo/link/a.yaml"), "utf8")).to.equal("a");
      expect(await readFile(workspace.path("bases/0/b.yaml"), "utf8")).to.equal("b");
    });
  });

  it("refuses copies that do not fit into memory, and may be tried again", async () => {
    const memory = await makeTemporaryFolder("overseer-memory-");
    const roomFor = (room: number) => async () => ({
      path: await mkdtemp(join(memory.path, "w")),
      inMemory: true,
      room,
    });
    const failure = async (room: number, work: (workspace: Workspace) => Promise<unknown>): Promise<OverseerError> =>
      Workspace.use(work, true, roomFor(room)).then(
        () => expect.fail("it was not refused"),
        (error: OverseerError) => error,
      );
    const large = await failure(25, async (workspace) => workspace.copy([await copyOf(filesOf(3, 10))], limits));
    expect(large.message).to.equal(
      "the private copy of the files for the renderer does not fit into memory (/dev/shm): it needs more than 25 bytes, half of what was free; split the source, or mount a larger emptyDir with medium Memory at /dev/shm of the operator",
    );
    expect([large.class, large.reason]).to.deep.equal(["retryable", "RenderFailed"]);
    const full = await failure(1e6, async (workspace) => {
      await workspace.create(1);
      await symlink("/dev/full", workspace.path("values.yaml"));
      await workspace.write("values.yaml", "a: 1\n");
    });
    expect(full.message).to.include("it needs more than what is free;").and.not.include(memory.path);
    await Workspace.use(async (workspace) => workspace.copy([await copyOf(filesOf(3, 10))], limits), true, roomFor(30));
    expect(await readdir(memory.path)).to.deep.equal([]);
    await memory.remove();
  });

  it("refuses copies that exceed the limits together, and leaves no folder", async () => {
    const before = await left();
    for (const [bounds, message] of [
      [{ ...limits, maxFiles: 3 }, /more than 3 files/],
      [{ ...limits, maxTotalBytes: 30 }, /more than 30 bytes/],
    ] as const) {
      const work = Workspace.use(async (workspace) =>
        workspace.copy([await copyOf(filesOf(2, 10)), await copyOf(filesOf(2, 10), "other")], bounds),
      );
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(RenderError);
      expect(String((error as Error).message)).to.match(message);
    }
    expect(await left()).to.deep.equal(before);
  });
});

/** Workspaces of this process. */
async function left(): Promise<string[]> {
  const names = await Promise.all(["/dev/shm", tmpdir()].map((folder) => readdir(folder).catch(() => [])));
  return names.flat().filter((name) => name.startsWith(`overseer-render-${process.pid}-`));
}
