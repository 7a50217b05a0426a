import { expect } from "chai";
import { faultsOfText, textsOf } from "../../support/message-rules.js";

const REVISION = `main@sha1:${"a".repeat(12)}: `;

const WRONG: readonly [what: string, text: string, fault: RegExp][] = [
  ["a Go print", ".data.a: expected string, got &value.valueUnstructured{Value:1}", /Go value/],
  ["a map of Go", "got map[string]interface {}{}", /Go value/],
  ["a decoder", "json: cannot unmarshal string into Go value", /Go value/],
  ["undefined", "belongs to undefined/x", /JavaScript/],
  ["an object", "failed: [object Object]", /JavaScript/],
  ["no number", "not healthy after NaN s", /JavaScript/],
  ["a whole revision", `main@sha1:${"a".repeat(40)} is fetched`, /full length/],
  ["a line end", "a\nb", /control/],
  ["what is too long", "x".repeat(1025), /1025 characters/],
  [
    "a cause behind boilerplate",
    `${REVISION}a.yaml:1: Job x/j: failed to create typed patch object (x/j; batch/v1, Kind=Job): x`,
    /instead of the cause/,
  ],
  ["the object once more", `${REVISION}a.yaml:1: Job x/j: Job.batch "j" is invalid: spec: x`, /instead of the cause/],
  ["a cause that comes late", `a.yaml:1: ConfigMap ${"x".repeat(240)}: is too long`, /begins after/],
  [
    "a sentence twice",
    "a.yaml:1: ConfigMap x/a: the namespace does not exist, so add it to the source; b.yaml:1: ConfigMap x/b: the namespace does not exist, so add it to the source",
    /says twice/,
  ],
];

describe("the rules for texts", () => {
  for (const [what, text, fault] of WRONG) {
    it(`find ${what}`, () => {
      expect(faultsOfText(text)).to.have.length(1);
      expect(faultsOfText(text)[0]).to.match(fault);
    });
  }

  it("let plain texts pass", () => {
    for (const text of [
      `${REVISION}is applied and healthy`,
      `${REVISION}2 of 3 changed objects are refused: a.yaml:4: Service x/a: spec.ports[0].port: 700000 is not valid; b.yaml:4: Service x/b: the same (nothing was written)`,
      "nothing has been applied yet",
    ])
      expect(faultsOfText(text), text).to.deep.equal([]);
  });

  it("look at all that people read, and at nothing that comes from elsewhere", () => {
    const object = {
      metadata: { name: "a", annotations: { message: "no" } },
      spec: { message: "no" },
      status: {
        conditions: [{ message: "one" }],
        plan: [{ error: "two", diff: [{ path: "x", to: "no" }] }],
        waitingFor: "three",
      },
      note: "four",
    };
    expect(textsOf(object).map(([, text]) => text)).to.deep.equal(["one", "two", "three", "four"]);
  });
});
