import { expect } from "chai";
import type { GitRemote } from "../../../../src/git/engine.js";
import { CacheBudget } from "../../../../src/git/stores/cache-budget.js";
import { expectGitError } from "../support/expect-error.js";

const MIB = 2 ** 20;

/** A budget of 100 MiB over stores of these MiB. */
function rig(stores: Readonly<Record<string, number>>, maxBytes = 100 * MIB) {
  const disk = new Map(Object.entries(stores).map(([id, mib]) => [id, mib * MIB]));
  const state = { scans: 0 };
  const budget = new CacheBudget(maxBytes, async () => {
    state.scans++;
    return new Map(disk);
  });
  const remote = (id: string): GitRemote => ({ url: `https://git.example.com/${id}`, credential: undefined, id });
  const admit = (id: string) => budget.admit(remote(id));
  const note = (id: string, mib: number) => budget.note(remote(id), async () => [{ name: "pack", bytes: mib * MIB }]);
  return { budget, disk, state, admit, note };
}

describe("CacheBudget", () => {
  it("admits everything below its limit, and scans the disk once", async () => {
    const { admit, state } = rig({ large: 90, small: 9 });
    for (const id of ["large", "small", "new"]) await admit(id);
    expect(state.scans).to.equal(1);
  });

  it("rejects new and large repositories when it is used up, and admits small ones", async () => {
    const { admit } = rig({ large: 95, small: 6 });
    await admit("small");
    const error = await expectGitError("GIT_CACHE_FULL", () => admit("large"));
    expect(error).to.include({ reason: "CacheFull", class: "retryable" });
    expect(error.message)
      .to.match(/too full to fetch https:\/\/git\.example\.com\/large: 101 of 100 MiB are used, 95 by this repository/)
      .and.match(/delete unused GitRepositories, .*cache\.sizeLimit of the chart \(--git-cache-bytes\)/);
    expect((await expectGitError("GIT_CACHE_FULL", () => admit("new"))).message).to.include("0.0 by this repository");
  });

  it("admits nothing far above its limit", async () => {
    const { admit } = rig({ large: 105, small: 6 });
    await expectGitError("GIT_CACHE_FULL", () => admit("small"));
  });

  it("tracks recorded changes, and rescans before it rejects", async () => {
    const { admit, note, disk, state } = rig({ a: 50 });
    await admit("a");
    await note("a", 120);
    await admit("a");
    expect(state.scans, "the disk knew better").to.equal(2);
    disk.set("a", 120 * MIB);
    await note("a", 120);
    await expectGitError("GIT_CACHE_FULL", () => admit("a"));
    disk.delete("a");
    await note("a", 0);
    const before = state.scans;
    await admit("a");
    expect(state.scans).to.equal(before);
  });

  it("rescans after stores were removed", async () => {
    const { admit, budget, disk, state } = rig({ a: 99 });
    await admit("b");
    disk.clear();
    budget.recheck();
    await admit("b");
    expect(state.scans).to.equal(2);
  });

  it("does not scan without a limit", async () => {
    const { admit, note, state } = rig({ a: 999 }, 0);
    await admit("a");
    await note("a", 9999);
    await admit("a");
    expect(state.scans).to.equal(0);
  });
});
