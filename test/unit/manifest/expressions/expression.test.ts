import { expect } from "chai";
import { compile, ExpressionError, variablesOf } from "../../../../src/manifest/expressions/expression.js";

const OBJECT = {
  metadata: { name: "web", generation: 4 },
  spec: { replicas: 3, weights: [1, 2, 3] },
  status: {
    observedGeneration: 4,
    share: 0.5,
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Stalled", status: "False" },
    ],
  },
};

/** Evaluates an expression: `true`, `false`, or the error. */
function result(text: string, object: Record<string, unknown> = OBJECT): string {
  try {
    return String(compile(text).evaluate(variablesOf(object)));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return error.message;
  }
}

describe("an expression", () => {
  for (const [text, expected] of [
    ["status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')", "true"],
    ["status.conditions.exists(e, e.type == 'Stalled' && e.status == 'True')", "false"],
    ["metadata.generation == status.observedGeneration", "true"],
    ["spec.replicas >= 2 && status.share < 1.0", "true"],
    ["has(status.phase) && status.phase == 'Running'", "false"],
    ["status.?phase.orValue('Running') == 'Running'", "true"],
    ["size(spec.weights) == 3 && 2 in spec.weights", "true"],
    ["'Ready' in status.conditions.map(c, c.type)", "true"],
    ["status.phase == 'Running'", "No such key: phase"],
    ["missing.phase == 'Running'", "Unknown variable: missing"],
    ["status.share", "must be true or false, but is a number"],
    ["spec.replicas", "must be true or false, but is a bigint"],
    ["1 + 2", "must be true or false, but is of type int"],
    ["status.conditions == ", "at character 22: Unexpected token: EOF"],
    ["true &&\n  (false", "at line 2, character 9: Expected RPAREN, got EOF"],
    ["ready(status)", "at character 1: found no matching overload for 'ready(dyn)'"],
    ["metadata.name.matches('(a+)+$')", "matches() is not supported: use startsWith, endsWith, contains or =="],
    ["metadata.name.split('e').size() == 2", "split() is not supported: use startsWith, endsWith or contains"],
    ["cel.bind(a, metadata.name, a == a)", "cel.bind() is not supported: write the value twice"],
    ['status.conditions.exists(c, c.type == "Ready" && c.status == "True")', "true"],
    [`true${" || true".repeat(200)}`, "is longer than 1024 characters"],
  ] as const)
    it(`${JSON.stringify(text).slice(0, 70)} is ${expected}`, () => {
      expect(result(text)).to.equal(expected);
    });

  it("is refused when it is nested too deeply", () => {
    expect(result(`${"(".repeat(100)}true${")".repeat(100)}`)).to.match(/^at character \d+: /);
  });

  it("is not evaluated when nested loops over a large object would take too long", () => {
    const list = Array.from({ length: 3_000 }, (_, at) => at);
    const text = "spec.list.all(a, spec.list.exists(b, b == a))";
    expect(result(text, { spec: { list } })).to.contain("would take too many steps");
    expect(result("spec.list.all(a, a >= 0)", { spec: { list } })).to.equal("true");
    expect(result(text, { spec: { list: list.slice(0, 40) } })).to.equal("true");
  });

  it("is refused when a bound value doubles again and again", () => {
    let text = "size(a12) > 0";
    for (let at = 12; at > 0; at--) text = `cel.bind(a${at}, a${at - 1} + a${at - 1}, ${text})`;
    expect(result(`cel.bind(a0, metadata.name, ${text})`)).to.equal(
      "cel.bind() is not supported: write the value twice",
    );
  });

  it("is not evaluated when operators over large lists within a loop would take too long", () => {
    const list = Array.from({ length: 3_000 }, (_, at) => at);
    for (const text of [
      "spec.list.all(a, a in spec.list)",
      "spec.list.all(a, 1 in spec.list)",
      "spec.list.all(a, spec.list == spec.copy)",
      "!spec.list.exists(a, spec.list != spec.copy)",
      "spec.list.all(a, size(spec.list + spec.copy) > 0)",
    ]) {
      expect(result(text, { spec: { list, copy: list } }), text).to.contain("would take too many steps");
      expect(result(text, { spec: { list: [1, 2], copy: [1, 2] } }), text).to.equal("true");
    }
  });

  it("is evaluated over large lists when operators within a loop have a literal", () => {
    const list = Array.from({ length: 3_000 }, (_, at) => at);
    for (const text of ["spec.list.all(a, a != -1)", "spec.list.exists(a, a in [7, 8])", "spec.list.all(a, a + 1 > 0)"])
      expect(result(text, { spec: { list } }), text).to.equal("true");
  });

  it("never names values of the object in its errors", () => {
    for (const text of ["int(spec.password) > 1", "spec.password > 1", "duration(spec.password) > duration('1s')"])
      expect(result(text, { spec: { password: "hunter2" } })).not.to.contain("hunter2");
  });
});
