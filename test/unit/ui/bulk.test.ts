import { expect } from "chai";
import { ApiError } from "../../../ui/src/api/problem.js";
import { extended, refreshed, toggled } from "../../../ui/src/lists/selection.js";
import { skipReason, titleOf } from "../../../ui/src/pages/apps/bulk/bulk-verbs.js";
import { type Outcome, runBulk } from "../../../ui/src/pages/apps/bulk/run-bulk.js";

const rows = Array.from({ length: 6 }, (_, index) => ({ namespace: "team", name: `web-${index}`, age: 0 }));
const rowAt = (index: number) => (index === 4 ? undefined : rows[index]);

describe("a selection of rows", () => {
  it("gains a row and loses it again", () => {
    const one = toggled(new Map(), { namespace: "team", name: "web" });
    expect([...one.keys()]).to.deep.equal(["team/web"]);
    expect(toggled(one, { namespace: "team", name: "web" }).size).to.equal(0);
  });

  it("is extended in both directions, and says how many rows are not loaded", () => {
    const { rows: some, incomplete } = extended(new Map(), rowAt, [5, 3]);
    expect([...some.keys()]).to.deep.equal(["team/web-3", "team/web-5"]);
    expect(incomplete).to.equal(1);
  });

  it("shows rows as they are now", () => {
    const { rows: some } = extended(new Map(), rowAt, [0, 1]);
    const now = refreshed(some, (index) => ({ namespace: "team", name: `web-${index}`, age: 1 }), { from: 1, to: 3 });
    expect([...now.values()].map(({ name, age }) => [name, age])).to.deep.equal([
      ["web-0", 0],
      ["web-1", 1],
    ]);
  });
});

describe("an action on several apps", () => {
  it("leaves out the apps that it makes no sense for, or that the user may not change", () => {
    const app = { namespace: "team", sync: "Synced" } as const;
    const suspended = { namespace: "team", sync: "Suspended" } as const;
    const mayAll = { team: ["sync", "update"] } as const;
    expect(skipReason("sync", app, mayAll)).to.equal(undefined);
    expect(skipReason("sync", app, {})).to.equal(undefined);
    expect(skipReason("sync", suspended, mayAll)).to.equal("is suspended: resume it first");
    expect(skipReason("suspend", suspended, mayAll)).to.equal("is suspended already");
    expect(skipReason("resume", suspended, mayAll)).to.equal(undefined);
    expect(skipReason("resume", app, mayAll)).to.equal("is not suspended");
    expect(skipReason("refresh", { ...app, sync: "Deleting" }, mayAll)).to.equal("is being deleted");
    expect(skipReason("suspend", app, { team: ["sync"] })).to.equal("you may not suspend apps of team");
    expect([titleOf("sync", 1), titleOf("resume", 3)]).to.deep.equal(["Sync 1 app", "Resume 3 apps"]);
  });

  it("runs at most four at once, and goes on after a failure", async () => {
    const outcomes = new Map<number, Outcome>();
    let now = 0;
    let most = 0;
    await runBulk(
      Array.from({ length: 10 }, (_, index) => index),
      async (item) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
        if (item === 3) throw new ApiError(403, { detail: "no" });
        return `change-${item}`;
      },
      (item, outcome) => outcomes.set(item, outcome),
      { stop: new AbortController().signal },
    );
    expect(most).to.equal(4);
    expect([...outcomes.values()].filter(({ phase }) => phase === "done")).to.have.length(9);
    expect(outcomes.get(3)).to.deep.include({ phase: "failed" });
    expect(outcomes.get(9)).to.deep.equal({ phase: "done", change: "change-9" });
  });

  it("sends again what came too fast, and stops before the next item when it is told to", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    let tries = 0;
    await runBulk(
      ["a", "b", "c", "d", "e"],
      async (item) => {
        if (item === "a" && ++tries < 3) throw new ApiError(429, {});
        if (item === "a") stop.abort();
        else if (item !== "e")
          await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
        return undefined;
      },
      (item, { phase }) => seen.push(`${item} ${phase}`),
      { stop: stop.signal, waitMs: 1 },
    );
    expect(tries).to.equal(3);
    expect(seen).to.include.members(["a done", "b done", "c done", "d done", "e stopped"]);
    expect(seen).not.to.include("e runs");
  });
});
