import { expect } from "chai";
import { composeInput } from "../../../src/overseer-core/agent/docker/compose-input.js";
import { RunError } from "../../../src/overseer-core/agent/runner.js";

describe("the input of docker compose", () => {
  it("refuses a document that contains itself, which no retry could deploy", () => {
    const document = "x-a: &a\n  b: *a\nservices:\n  web:\n    image: x\n";
    expect(() => composeInput(document, new Map())).to.throw(RunError, "contains an alias of itself");
  });

  it("passes a secret with an escaped reference, and ignores those in comments", () => {
    const document = '# ${SECRET:other}\nservices:\n  web: { image: x, environment: { A: "\\u0024{SECRET:db}" } }\n';
    const { json, env } = composeInput(document, new Map([["db", "hidden"]]));
    expect(json).to.include('"A":"${OVERSEER_SECRET_0}"');
    expect(env).to.deep.equal({ OVERSEER_SECRET_0: "hidden" });
    expect(() => composeInput(document, new Map())).to.throw(RunError, "secret db not found for this app");
  });

  it("refuses a reference to credentials of a registry, also if the agent has them", () => {
    const document = 'services:\n  web: { image: x, environment: { A: "${SECRET:image-pull.hub}" } }\n';
    expect(() => composeInput(document, new Map([["image-pull.hub", "hidden"]]))).to.throw(
      RunError,
      "secret image-pull.hub is for the agent itself: no document can refer to it",
    );
  });

  it("takes an alias that is used twice", () => {
    const document = "x-a: &a { b: 1 }\nservices:\n  web: { image: x, x-b: *a, x-c: *a }\n";
    expect(composeInput(document, new Map()).json).to.include('"x-c":{"b":1}');
  });
});
