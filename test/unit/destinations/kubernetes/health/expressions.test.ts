import { expect } from "chai";
import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../../../src/api/group.js";
import type { HealthExpression } from "../../../../../src/api/health-expressions.js";
import { expressionProblem, HealthJudge } from "../../../../../src/destinations/kubernetes/health/expressions.js";
import { condition } from "./objects.js";

const KIND = { group: "example.com", version: "v1", kind: "Widget" };
const WIDGET = { apiVersion: "example.com/v1", kind: "Widget" };
const OF_PHASE: HealthExpression = {
  ...WIDGET,
  inProgress: "status.phase == 'Starting'",
  failed: "status.phase in ['Broken', 'Lost']",
  suspended: "status.phase == 'Asleep'",
  current: "status.phase == 'Running'",
};

function judge(list: readonly HealthExpression[] | undefined, status?: unknown, app = "web"): string {
  const judge = new HealthJudge((key) => (key === "shop/web" ? list : undefined));
  const labels = { [LABEL_APP_NAMESPACE]: "shop", [LABEL_APP]: app };
  const metadata = { name: "w", namespace: "shop", uid: "u", resourceVersion: "1", generation: 2, labels };
  const { health } = judge.judge({ metadata, ...(status === undefined ? {} : { status }) }, KIND);
  return health.message === undefined ? health.status : `${health.status}: ${health.message}`;
}

describe("health by expressions", () => {
  for (const [phase, expected] of [
    ["Starting", "Progressing: health.expressions[0].inProgress is true"],
    ["Broken", "Degraded: health.expressions[0].failed is true"],
    ["Asleep", "Suspended: health.expressions[0].suspended is true"],
    ["Running", "Healthy"],
    ["Other", "Progressing: none of health.expressions[0] is true"],
  ] as const)
    it(`is ${expected} in phase ${phase}`, () => {
      expect(judge([OF_PHASE], { phase })).to.equal(expected);
    });

  it("is Progressing while the controller has not observed the latest generation", () => {
    expect(judge([OF_PHASE], { phase: "Running", observedGeneration: 1 })).to.equal(
      "Progressing: is waiting for its controller to observe the latest generation",
    );
  });

  it("is Progressing while fields of the expression are missing", () => {
    expect(judge([OF_PHASE])).to.equal("Progressing: health.expressions[0].inProgress: Unknown variable: status");
    expect(judge([OF_PHASE], {})).to.equal("Progressing: health.expressions[0].inProgress: No such key: phase");
  });

  it("adds what the condition Ready says", () => {
    const conditions = [condition("Ready", "False", "Stuck", "no disk")];
    expect(judge([OF_PHASE], { phase: "Lost", conditions })).to.equal(
      "Degraded: health.expressions[0].failed is true: Stuck: no disk",
    );
  });

  it("counts for the app that has the expressions, for their kind, by the first entry", () => {
    const degraded: HealthExpression = { ...WIDGET, failed: "true", current: "true" };
    expect(judge([OF_PHASE, degraded], { phase: "Running" })).to.equal("Healthy");
    expect(judge([{ ...degraded, kind: "Gadget" }])).to.equal("Healthy");
    expect(judge([degraded], {}, "other")).to.equal("Healthy");
    expect(judge(undefined)).to.equal("Healthy");
  });

  it("is Unknown by an expression that cannot be compiled", () => {
    expect(judge([{ ...WIDGET, current: "status." }])).to.match(
      /^Unknown: health.expressions\[0\].current at character/,
    );
  });
});

describe("the check of expressions", () => {
  for (const [entries, expected] of [
    [[OF_PHASE], undefined],
    [
      [OF_PHASE, { ...WIDGET, failed: "1 +", current: "true" }],
      "spec.health.expressions[1].failed at character 4: Unexpected token: EOF: correct the expression",
    ],
    [
      [{ apiVersion: "v1", kind: "ConfigMap", current: "true" }],
      "spec.health.expressions[0]: a ConfigMap is healthy as soon as it exists, and its health cannot be computed by expressions: remove the entry",
    ],
  ] as const)
    it(`finds ${expected ?? "nothing wrong"}`, () => {
      expect(expressionProblem(entries)).to.equal(expected);
    });
});
