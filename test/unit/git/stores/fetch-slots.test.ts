import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { DEFAULT_GIT_LIMITS } from "../../../../src/git/limits.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { FetchSlots } from "../../../../src/git/stores/fetch-slots.js";
import { rejection } from "../../support/eventually.js";
import { FakeClock } from "../../support/fake-clock.js";
import { expectGitError } from "../support/expect-error.js";

const MINUTE = 60_000;

/** Slots, four in all and two for each server, and fetches that end when told. */
function rig() {
  const clock = new FakeClock();
  const slots = new FetchSlots(clock, DEFAULT_GIT_LIMITS);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const { signal } = new AbortController();
  const fetch = (path: string, within: AbortSignal = signal, tenant?: string): Promise<string> =>
    slots.run({ remote: gitRemote(`https://${path}.git`), tenant, signal: within, ms: MINUTE }, async () => {
      begun.push(path);
      await new Promise<void>((resolve) => ends.set(path, resolve));
      return path;
    });
  const endAll = async (works: readonly Promise<string>[]): Promise<void> => {
    let open = true;
    const done = Promise.all(works).then(() => (open = false));
    while (open) {
      for (const end of ends.values()) end();
      await turn();
    }
    await done;
  };
  return { clock, slots, begun, ends, fetch, endAll };
}

describe("FetchSlots", () => {
  it("limit one server to two slots, and leave the others to other servers", async () => {
    const { begun, ends, fetch, endAll } = rig();
    const tarpits = [1, 2, 3, 4].map((n) => fetch(`slow.example/${n}`));
    const others = [fetch("a.example/1"), fetch("slow.example:8443/1"), fetch("b.example/1")];
    await turn();
    expect(begun).to.deep.equal(["slow.example/1", "slow.example/2", "a.example/1", "slow.example:8443/1"]);
    ends.get("a.example/1")?.();
    await turn();
    expect(begun.at(-1)).to.equal("b.example/1");
    ends.get("slow.example/1")?.();
    await turn();
    expect(begun.at(-1)).to.equal("slow.example/3");
    await endAll([...tarpits, ...others]);
  });

  it("serve servers round-robin", async () => {
    const { begun, ends, fetch, endAll } = rig();
    const works = ["a/1", "a/2", "b/1", "b/2", "a/3", "a/4", "c/1", "d/1"].map((path) =>
      fetch(path.replace("/", ".example/")),
    );
    await turn();
    expect(begun).to.have.length(4);
    ends.get("b.example/1")?.();
    await turn();
    ends.get("b.example/2")?.();
    await turn();
    expect(begun.slice(4), "both of a are at work already").to.deep.equal(["c.example/1", "d.example/1"]);
    await endAll(works);
  });

  it("leave one slot to other tenants, however many servers of a tenant are slow, and serve tenants in turns", async () => {
    const { begun, ends, fetch, endAll } = rig();
    const slow = [1, 2, 3, 4, 5, 6].map((n) => fetch(`slow${n}.example/1`, undefined, "mallory"));
    await turn();
    expect(begun).to.deep.equal(["slow1.example/1", "slow2.example/1", "slow3.example/1"]);
    const good = [1, 2].map((n) => fetch(`good.example/${n}`, undefined, "shop"));
    await turn();
    expect(begun.slice(3)).to.deep.equal(["good.example/1"]);
    ends.get("slow1.example/1")?.();
    await turn();
    expect(begun.slice(4), "the second of the other tenant comes before the fourth of this one").to.deep.equal([
      "good.example/2",
    ]);
    await endAll([...slow, ...good]);
  });

  it("are not held on a shared server by a tenant that waits for its other fetches", async () => {
    const { begun, fetch, endAll } = rig();
    const paths = ["slow1/1", "slow1/2", "slow2/1", "shared/1", "shared/2"];
    const mallory = paths.map((path) => fetch(path.replace("/", ".example/"), undefined, "mallory"));
    await turn();
    expect(begun).to.have.length(3);
    const shop = fetch("shared.example/3", undefined, "shop");
    await turn();
    expect(begun.at(-1)).to.equal("shared.example/3");
    await endAll([...mallory, shop]);
  });

  it("end a wait with its signal or timeout, without occupying a slot", async () => {
    const { clock, slots, begun, fetch, endAll } = rig();
    const works = [1, 2].map((n) => fetch(`slow.example/${n}`));
    const controller = new AbortController();
    const reason = new Error("stopped");
    const stopped = rejection(fetch("slow.example/3", controller.signal));
    const late = expectGitError("GIT_BUSY", () => fetch("slow.example/4"));
    controller.abort(reason);
    expect(await stopped).to.equal(reason);
    clock.advance(MINUTE);
    expect((await late).message).to.match(/slow\.example\/4\.git waited 60 s for other fetches.*slow\.example:443/);
    expect(begun, "fetches under way are not ended by the time of waiting").to.have.length(2);
    await endAll(works);
    const remote = gitRemote("https://slow.example/5.git");
    const again = slots.run({ remote, signal: new AbortController().signal, ms: 1 }, async () => "in");
    expect(await again).to.equal("in");
    expect(clock.timers).to.deep.equal([]);
  });
});
