import { expect } from "chai";
import type { Change, ChangeStatus } from "../../../../src/api/change.js";
import { WholePlans } from "../../../../src/controllers/overseer-app/sync/whole-plans.js";
import { ProblemError } from "../../../../src/http/problem.js";
import { wholePlanHash } from "../../../../src/plan/plan.js";
import { wholePlanActions, wholePlanName } from "../../../../src/server/internal/facts.js";
import type { Identity } from "../../../../src/server/rest/identity/identity.js";
import type { LeaderClient } from "../../../../src/server/rest/leader/leader-client.js";
import { PlanReader } from "../../../../src/server/rest/whole-plan.js";

const HASH = "0".repeat(32);
const ACTION = { verb: "Delete", object: "ConfigMap shop/x", apiVersion: "v1" } as const;

/** A reader that asks a leader with these plans: which apps it judges again, and how often actions were loaded from it. */
function readerOf(plans: WholePlans): { reader: PlanReader; again: string[]; loads: string[] } {
  const again: string[] = [];
  const loads: string[] = [];
  const facts = {
    wholePlan: (uid: string) => plans.get(uid),
    wholePlanHash: (hash: string, user: string) => wholePlanHash(hash, user, "key"),
    judgeAgain: (app: string) => void again.push(app),
  };
  const orNotFound = <T>(found: T | undefined): T => {
    if (found === undefined) throw new ProblemError("NOT_FOUND", "not in memory");
    return found;
  };
  const ask = async ({ path }: { path: string }): Promise<unknown> => {
    const { pathname, searchParams } = new URL(path, "http://leader");
    const [planHash = "", user = "", app = ""] = ["planHash", "user", "app"].map(
      (name) => searchParams.get(name) ?? "",
    );
    return orNotFound(wholePlanName(facts, pathname.split("/").at(-1) ?? "", { planHash, user, app }));
  };
  const askBytes = async (path: string): Promise<Buffer> => {
    loads.push(path);
    const { pathname, searchParams } = new URL(path, "http://leader");
    return orNotFound(wholePlanActions(facts, pathname.split("/").at(-2) ?? "", searchParams.get("digest") ?? ""));
  };
  return { reader: new PlanReader({ ask, askBytes } as Pick<LeaderClient, "ask" | "askBytes">), again, loads };
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
  it("have another hash for each user, which is of no use to others, and share their actions", async () => {
    const plans = new WholePlans();
    plans.keep("u", HASH, [ACTION]);
    const { reader, again, loads } = readerOf(plans);
    const [ann, bob] = [await reader.planFor(user("ann"), change()), await reader.planFor(user("bob"), change())];
    expect(ann).to.deep.include({ planHash: wholePlanHash(HASH, "ann", "key"), complete: true });
    expect(bob.planHash).not.to.equal(ann.planHash);
    expect(bob.digest).to.equal(ann.digest);
    const [first, second] = await Promise.all([1, 2].map(() => reader.actionsOf(change(), ann.digest ?? "")));
    expect(JSON.parse(first?.toString() ?? "")).to.deep.equal([ACTION]);
    expect(await reader.actionsOf(change(), ann.digest ?? ""), "one copy in memory").to.equal(second);
    expect(again).to.deep.equal([]);
    expect(loads.length, "loads of the same actions").to.be.at.most(2);
  });

  it("are loaded again when the live objects differ in other fields, although the plan hash is the same", async () => {
    const plans = new WholePlans();
    plans.keep("u", HASH, [ACTION]);
    const { reader } = readerOf(plans);
    const before = (await reader.planFor(user("ann"), change())).digest ?? "";
    plans.keep("u", HASH, [{ ...ACTION, reason: "other fields" }]);
    expect(await problemOf(reader.actionsOf(change(), before))).to.include({ code: "NOT_READY" });
    const after = (await reader.planFor(user("ann"), change())).digest ?? "";
    expect((await reader.actionsOf(change(), after)).toString()).to.contain("other fields");
  });

  it("that were dropped, or are of an earlier plan, are made again", async () => {
    const plans = new WholePlans();
    const { reader, again } = readerOf(plans);
    expect(await problemOf(reader.planFor(user("ann"), change()))).to.include({ code: "NOT_READY" });
    plans.keep("u", "another", [ACTION]);
    expect(await problemOf(reader.planFor(user("ann"), change()))).to.include({ code: "NOT_READY" });
    expect(again).to.deep.equal(["shop/web", "shop/web"]);
  });

  it("that are too large are refused for good, with the remedy", async () => {
    const plans = new WholePlans();
    plans.keep("u", HASH, undefined);
    const { reader, again } = readerOf(plans);
    const problem = await problemOf(reader.planFor(user("ann"), change()));
    expect(problem).to.include({ code: "CONFLICT" });
    expect(problem.message).to.contain("split the commit");
    expect(again).to.deep.equal([]);
  });

  it("of Changes that have ended are what the status shows, without a question to the leader", async () => {
    const { reader, again } = readerOf(new WholePlans());
    const shown = { planHash: HASH, complete: false, actions: [] };
    expect(await reader.planFor(user("ann"), change({ phase: "Succeeded" }))).to.deep.equal(shown);
    expect(again).to.deep.equal([]);
    expect(await reader.planFor(user("ann"), change({ phase: "Planned" }))).to.deep.equal(shown);
  });
});
