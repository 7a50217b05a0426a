import { expect } from "chai";
import { isTerminal, messageOf, OverseerError } from "../../../src/base/errors.js";

class GoneError extends OverseerError {}

describe("OverseerError", () => {
  const cause = new Error("below");
  const error = new GoneError("it is gone", {
    code: "GONE",
    reason: "CommitNotFound",
    class: "terminal",
    cause,
    retryAfterMs: 5,
  });

  it("carries what programs look at, and the name of its class", () => {
    expect(error).to.include({
      name: "GoneError",
      message: "it is gone",
      code: "GONE",
      reason: "CommitNotFound",
      class: "terminal",
      retryAfterMs: 5,
    });
    expect(error.cause).to.equal(cause);
  });

  it("has no cause unless it was given one", () => {
    expect(new GoneError("x", { code: "GONE", reason: "CommitNotFound", class: "retryable" })).not.to.have.property(
      "cause",
    );
  });

  it("is terminal by its class alone; what is unknown may pass", () => {
    expect(isTerminal(error)).to.equal(true);
    expect(isTerminal(new GoneError("x", { code: "GONE", reason: "CommitNotFound", class: "retryable" }))).to.equal(
      false,
    );
    expect(isTerminal(new Error("x"))).to.equal(false);
    expect(isTerminal(undefined)).to.equal(false);
  });
});

describe("messageOf", () => {
  it("is the message of an error, and the text of anything else", () => {
    expect(messageOf(new TypeError("a"))).to.equal("a");
    expect(messageOf("b")).to.equal("b");
    expect(messageOf(undefined)).to.equal("undefined");
  });
});
