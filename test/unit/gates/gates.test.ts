import { expect } from "chai";
import { type Environment, EnvironmentSpec } from "../../../src/api/environment.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { GateContext } from "../../../src/gates/context.js";
import { MissingFactError } from "../../../src/gates/context.js";
import type { Gate } from "../../../src/gates/gate.js";
import { closedGates, judgeGates } from "../../../src/gates/judge.js";
import { GATES } from "../../../src/wiring/gates.js";
import { app } from "../controllers/support/resources.js";
import { FakeClock } from "../support/fake-clock.js";
import { gateContext, listerOf, NO_FACTS } from "./support/gate-context.js";

const wait: Gate = {
  ...{ name: "wait", waitReason: "Waiting" },
  judge: () => ({ state: "Wait", message: "x".repeat(3000), opens: "users" }),
};
const fail: Gate = { name: "fail", waitReason: "Waiting", judge: () => ({ state: "Fail", message: "no" }) };
const pass: Gate = { name: "pass", waitReason: "Waiting", judge: async () => ({ state: "Pass" }) };

function throwing(error: Error): Gate {
  return {
    name: "broken",
    waitReason: "Waiting",
    judge: () => {
      throw error;
    },
  };
}

async function stateOf(gate: Gate | undefined, context: GateContext): Promise<string> {
  if (!gate) throw new Error("no such gate");
  const [result] = await judgeGates([gate], context, new FakeClock());
  return `${result?.state.state}: ${result?.state.message}`;
}

/** An Environment with the namespace of the app of the context. */
function environment(more: object): Environment {
  const name = "prod";
  const spec = EnvironmentSpec.parse({ namespaces: [{ name: "shop" }], ...more });
  const metadata = { name, uid: name, resourceVersion: "1", generation: 1 } as Environment["metadata"];
  return { apiVersion: API_VERSION, kind: "Environment", metadata, spec };
}

const byName = (name: string): Gate | undefined => GATES.find((gate) => gate.name === name);

describe("gates", () => {
  it("are all evaluated, and their messages fit into the status", async () => {
    const results = await judgeGates([wait, fail, pass], gateContext(), new FakeClock());
    expect(results.map(({ state }) => state.state)).to.deep.equal(["Wait", "Fail", "Pass"]);
    expect(results[0]?.state.message).to.have.length(1024);
    expect(results[0]?.state).to.include({ opens: "users", otherwise: "nothing is applied" });
    expect(closedGates(results).map(({ gate }) => gate.name)).to.deep.equal(["wait", "fail"]);
  });

  it("keep the time since when they have a state, and set it when the state changes", async () => {
    const earlier = "2026-11-29T10:00:00Z";
    const previous = [
      { name: "wait", state: "Wait", message: "another", since: earlier },
      { name: "pass", state: "Wait", message: "before", since: earlier },
    ] as const;
    const results = await judgeGates([wait, pass], gateContext(), new FakeClock(), previous);
    expect(results.map(({ state }) => state.since)).to.deep.equal([earlier, "2026-11-30T12:00:00Z"]);
  });

  it("wait while they throw or lack a fact, and are judged again after a while", async () => {
    const context = gateContext();
    const [lacking] = await judgeGates(
      [throwing(new MissingFactError("x is not known yet"))],
      context,
      new FakeClock(),
    );
    expect(lacking?.state.state).to.equal("Wait");
    expect(lacking?.state.message).to.equal("cannot be evaluated: x is not known yet; evaluated again automatically");
    expect(lacking?.until).to.equal(context.now + 30_000);
    expect(await stateOf(throwing(new Error("boom")), context)).to.match(
      /^Wait: cannot be evaluated: the gate failed: boom/,
    );
  });

  it("wait while they do not respond in time", async () => {
    const clock = new FakeClock();
    const silent: Gate = { name: "silent", waitReason: "Waiting", judge: () => new Promise(() => {}) };
    const results = judgeGates([silent, pass], gateContext(), clock);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    expect((await results).map(({ state }) => state.state)).to.deep.equal(["Wait", "Pass"]);
  });

  it("pass a Change that nothing holds, each of them", async () => {
    const results = await judgeGates(GATES, gateContext(), new FakeClock());
    expect(results.map(({ state }) => `${state.name} ${state.state}`)).to.deep.equal([
      "approvals Pass",
      "environment Pass",
      "policyChanges Pass",
      "repositories Pass",
      "environmentWindows Pass",
      "approval Pass",
      "deletions Pass",
      "manual Pass",
      "references Pass",
      "dependencies Pass",
      "syncWindows Pass",
      "promotion Pass",
      "review Pass",
      "checks Pass",
      "rollout Pass",
    ]);
  });

  it("have names and reasons of their own", () => {
    for (const values of [GATES.map(({ name }) => name), GATES.map(({ waitReason }) => waitReason)])
      expect(new Set(values).size).to.equal(GATES.length);
  });

  const unlisted = {
    ...listerOf(),
    get: () => {
      throw new MissingFactError("the list of kind OverseerApp is not complete yet");
    },
  };
  const destination = NO_FACTS;
  const cases: readonly (readonly [gate: string, what: string, context: GateContext])[] = [
    ["deletions", "which objects are deleted", gateContext({ destination: { ...destination, deletions: undefined } })],
    ["references", "what documents refer to", gateContext({ destination: { ...destination, missing: undefined } })],
    ["approvals", "the decisions of users", gateContext({ approvals: undefined })],
    [
      "promotion",
      "what the earlier Environments have tested",
      gateContext({ lister: listerOf([], [], {}, [environment({ promotesFrom: ["staging"] })]) }),
    ],
    ["review", "the Git host", gateContext({ lister: listerOf([], [], {}, [environment({ gates: { review: {} } })]) })],
    [
      "checks",
      "the Git host",
      gateContext({ lister: listerOf([], [], {}, [environment({ gates: { checks: [{ name: "ci", app: "1" }] } })]) }),
    ],
    [
      "rollout",
      "which apps apply a Change",
      gateContext({
        rollout: undefined,
        lister: listerOf([], [], {}, [environment({ limits: { concurrent: 1 } })]),
      }),
    ],
    [
      "manual",
      "the policies that prove the request",
      gateContext({
        app: app("shop/web", { spec: { sync: { mode: "Manual" } } }),
        request: { requester: "alice", doubt: () => Promise.reject(new MissingFactError("no answer")) },
      }),
    ],
    [
      "dependencies",
      "the list of apps",
      gateContext({ app: app("shop/web", { spec: { dependsOn: [{ name: "db" }] } }), lister: unlisted }),
    ],
    [
      "syncWindows",
      "a clock that shows a time",
      gateContext({
        app: app("shop/web", {
          spec: { sync: { windows: [{ kind: "Allow", schedule: "0 * * * *", duration: "1h" }] } },
        }),
        now: Number.NaN,
      }),
    ],
  ];
  for (const [name, what, context] of cases)
    it(`do not pass without a fact: ${name} without ${what}`, async () => {
      expect(await stateOf(byName(name), context)).to.match(/^Wait: cannot be evaluated/);
    });

  it("hold deletions that require approval, and missing references, each with the cause", async () => {
    const held = gateContext({
      destination: {
        ...NO_FACTS,
        deletions: { needingApproval: "would delete 9 of 10 objects" },
        missing: [
          { what: "secret db", where: "a.yaml:3" },
          { what: "secret db", where: "b.yaml:7" },
        ],
      },
    });
    expect(await stateOf(byName("deletions"), held)).to.equal(
      "Wait: would delete 9 of 10 objects; or a user with the verb approve for OverseerApp web approves the plan",
    );
    expect(await stateOf(byName("references"), held)).to.equal(
      "Wait: needs secret db, referenced in a.yaml:3 and b.yaml:7",
    );
  });
});
