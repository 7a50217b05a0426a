import { expect } from "chai";
import fc from "fast-check";
import { ABNORMAL_TRUE, Condition, mergeConditions } from "../../../../../src/api/conditions.js";
import { HEALTH } from "../../../../../src/api/overseer-app.js";
import type { DriftReport, Problem, Progress } from "../../../../../src/controllers/overseer-app/outcome.js";
import { type AppFacts, appConditions } from "../../../../../src/controllers/overseer-app/status/conditions.js";
import type { AppHealth } from "../../../../../src/controllers/overseer-app/status/health.js";

const text = fc.string({ minLength: 1, maxLength: 20 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const problem: fc.Arbitrary<Problem> = fc.record({
  stage: fc.constantFrom("Access", "Source", "Render", "Destination", "Plan", "Apply"),
  reason: fc.constantFrom("RenderFailed", "ApplyFailed", "RepositoryNotFound"),
  message: text,
  terminal: fc.boolean(),
});
const progress: fc.Arbitrary<Progress> = fc.oneof(
  fc.constant({ state: "done" } as const),
  fc.constant({ state: "failed" } as const),
  fc.record({
    state: fc.constant("waiting" as const),
    reason: fc.constantFrom("Deletions", "References"),
    message: text,
  }),
  fc.record({ state: fc.constant("pending" as const), message: text }),
);
const reports: fc.Arbitrary<DriftReport[]> = fc.array(fc.record({ object: text, note: fc.string() }), { maxLength: 5 });

/** Generates consistent aggregated health: unhealthy only with an unhealthy object. */
const health: fc.Arbitrary<AppHealth> = fc
  .record({
    status: fc.constantFrom(...HEALTH),
    healthy: fc.nat(9),
    problems: fc.array(fc.record({ object: text, message: fc.string() }), { minLength: 1, maxLength: 5 }),
    more: fc.nat(9),
  })
  .map(({ status, healthy, problems, more }) =>
    status === "Healthy"
      ? { status, objects: healthy, healthy, problems: [] }
      : {
          status,
          objects: healthy + problems.length + (problems.length === 5 ? more : 0),
          healthy,
          problems,
        },
  );

const facts: fc.Arbitrary<AppFacts> = fc.record({
  revision: maybe(text),
  problem: maybe(problem),
  progress,
  drift: reports,
  contested: reports,
  paused: fc.array(fc.record({ object: text, behind: fc.boolean() }), { maxLength: 5 }),
  health: maybe(health),
  timedOut: fc.boolean(),
  reportOnly: fc.boolean(),
  limits: fc.array(text, { maxLength: 2 }),
  incomplete: maybe(text),
  unlisted: maybe(text),
});

/** Checks an invariant for every set of facts, given the conditions by type. */
function always(what: string, check: (by: ReadonlyMap<string, string>, all: AppFacts) => void): void {
  it(what, () => {
    fc.assert(
      fc.property(facts, (given) => {
        const drafts = appConditions(given);
        const by = new Map<string, string>(drafts.map(({ type, status }) => [type, status]));
        expect(by.size).to.equal(drafts.length);
        check(by, given);
      }),
      { numRuns: 1_000 },
    );
  });
}

describe("conditions of an app, whatever the facts", () => {
  always("have Ready, Synced and Healthy, each once", (by) => {
    expect([...by.keys()].slice(0, 3)).to.deep.equal(["Ready", "Synced", "Healthy"]);
  });

  always("have Ready Unknown with Reconciling only", (by) => {
    if (by.get("Ready") === "Unknown") expect(by.get("Reconciling")).to.equal("True");
  });

  always("have Reconciling with Ready Unknown, or with a failure that is tried again", (by, { problem: of }) => {
    if (!by.has("Reconciling")) return;
    if (of) expect([by.get("Ready"), of.terminal]).to.deep.equal(["False", false]);
    else expect(by.get("Ready")).to.equal("Unknown");
  });

  always("have neither Reconciling nor Stalled with Ready True", (by) => {
    if (by.get("Ready") !== "True") return;
    expect(by.has("Reconciling")).to.equal(false);
    expect(by.has("Stalled")).to.equal(false);
  });

  always(
    "have Stalled for a terminal problem alone, with Ready False and without Reconciling",
    (by, { problem: of }) => {
      expect(by.has("Stalled")).to.equal(of?.terminal === true);
      if (!by.has("Stalled")) return;
      expect(by.get("Ready")).to.equal("False");
      expect(by.has("Reconciling")).to.equal(false);
    },
  );

  always("have the abnormal ones only while they are True", (by) => {
    for (const [type, status] of by) {
      if (!["Ready", "Synced", "Healthy"].includes(type)) expect(status, type).to.equal("True");
    }
    for (const type of ABNORMAL_TRUE) expect(["True", undefined]).to.include(by.get(type));
  });

  always("have Drifted, Waiting and Contested exactly when there is something to see", (by, given) => {
    expect(by.has("Drifted")).to.equal(given.drift.length > 0);
    expect(by.has("Contested")).to.equal(given.contested.length > 0);
    expect(by.has("Waiting")).to.equal(given.progress.state === "waiting");
  });

  always("have Ready True only for something applied, healthy, not contested and without a problem", (by, given) => {
    if (by.get("Ready") !== "True") return;
    expect(given.revision).to.be.a("string");
    expect(given.health?.status).to.be.oneOf(["Healthy", "Suspended"]);
    expect([given.problem, given.unlisted]).to.deep.equal([undefined, undefined]);
    expect(given.contested).to.deep.equal([]);
    if (!given.reportOnly) expect(given.drift).to.deep.equal([]);
  });

  always("have Synced True only when nothing is on its way, waits, failed or drifted", (by, given) => {
    if (by.get("Synced") !== "True") return;
    expect(["done", "failed"]).to.include(given.progress.state);
    expect(given.problem).to.equal(undefined);
    expect(given.drift).to.deep.equal([]);
    expect(given.revision).to.be.a("string");
  });

  it("have a valid message and reason, and are deterministic", () => {
    fc.assert(
      fc.property(facts, (given) => {
        const drafts = appConditions(given);
        expect(appConditions(given)).to.deep.equal(drafts);
        for (const written of mergeConditions([], drafts, 1, "2026-01-01T00:00:00Z")) {
          expect(written.message, written.type).not.to.equal("");
          expect(Condition.safeParse(written).error).to.equal(undefined);
        }
      }),
    );
  });
});
