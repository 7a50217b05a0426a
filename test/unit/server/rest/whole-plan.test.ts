import { expect } from "chai";
import type { Change, ChangeStatus } from "../../../../src/api/change.js";
import { WholePlans } from "../../../../src/controllers/overseer-app/sync/whole-plans.js";
import { ProblemError } from "../../../../src/http/problem.js";
import { wholePlanHash } from "../../../../src/plan/plan.js";
import { type LeaderFacts, wholePlan } from "../../../../src/server/internal/facts.js";
import type { Identity } from "../../../../src/server/rest/identity/identity.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { wholePlanOf } from "../../../../src/server/rest/whole-plan.js";

const HASH = "0".repeat(32);
const ACTION = { verb: "Delete", object: "ConfigMap shop/x", apiVersion: "v1" } as const;

/** The leader with these plans: what it is asked for, and which apps it judges again. */
function leaderOf(plans: WholePlans): { leader: RestParts["leader"]; again: string[] } {
  const again: string[] = [];
  const facts = {
    wholePlan: (uid) => plans.get(uid),
    wholePlanHash: (hash, user) => wholePlanHash(hash, user, "key"),
    judgeAgain: (app) => void again.push(app),
  } as LeaderFacts;
  const ask = async ({ path }: { path: string }): Promise<unknown> => {
    const { pathname, searchParams } = new URL(path, "http://leader");
    const [planHash = "", user = "", app = ""] = ["planHash", "user", "app"].map(
      (name) => searchParams.get(name) ?? "",
    );
    const found = wholePlan(facts, pathname.split("/").at(-1) ?? "", { planHash, user, app });
    if (found === undefined) throw new ProblemError("NOT_FOUND", "not in memory");
    return found;
  };
  return { leader: { ask } as unknown as RestParts["leader"], again };
}

const user = (name: string): Identity => ({ name, groups: [] }) as unknown as Identity;

function change(status: Partial<ChangeStatus> = {}): Change {
  return {
    metadata: { name: "web-1", namespace: "shop", uid: "u" },
    spec: { app: { name: "web" } },
    status: { planHash: HASH, planIncomplete: "2 objects", plan: [], phase: "Waiting", ...status },
  } as unknown as Change;
}

async function problemOf(plan: Promise<unknown>): Promise<ProblemError> {
  return plan.then(
    () => expect.fail("no problem"),
    (error: unknown) => error as ProblemError,
  );
}

describe("whole plans", () => {
  it("have another hash for each user, which is of no use to others", async () => {
    const plans = new WholePlans();
    plans.keep("u", HASH, [ACTION]);
    const { leader, again } = leaderOf(plans);
    const [ann, bob] = [
      await wholePlanOf({ leader }, user("ann"), change()),
      await wholePlanOf({ leader }, user("bob"), change()),
    ];
    expect(ann).to.deep.equal({ planHash: wholePlanHash(HASH, "ann", "key"), complete: true, actions: [ACTION] });
    expect(bob.planHash).not.to.equal(ann.planHash);
    expect(again).to.deep.equal([]);
  });

  it("that were dropped, or are of an earlier plan, are made again", async () => {
    const plans = new WholePlans();
    const { leader, again } = leaderOf(plans);
    expect(await problemOf(wholePlanOf({ leader }, user("ann"), change()))).to.include({ code: "NOT_READY" });
    plans.keep("u", "another", [ACTION]);
    expect(await problemOf(wholePlanOf({ leader }, user("ann"), change()))).to.include({ code: "NOT_READY" });
    expect(again).to.deep.equal(["shop/web", "shop/web"]);
  });

  it("that are too large are refused for good, with the remedy", async () => {
    const plans = new WholePlans();
    plans.keep("u", HASH, undefined);
    const { leader, again } = leaderOf(plans);
    const problem = await problemOf(wholePlanOf({ leader }, user("ann"), change()));
    expect(problem).to.include({ code: "CONFLICT" });
    expect(problem.message).to.contain("split the commit");
    expect(again).to.deep.equal([]);
  });

  it("of Changes that have ended are what the status shows, without a question to the leader", async () => {
    const { leader, again } = leaderOf(new WholePlans());
    const shown = { planHash: HASH, complete: false, actions: [] };
    expect(await wholePlanOf({ leader }, user("ann"), change({ phase: "Succeeded" }))).to.deep.equal(shown);
    expect(again).to.deep.equal([]);
    expect(await wholePlanOf({ leader }, user("ann"), change({ phase: "Planned" }))).to.deep.equal(shown);
  });
});
