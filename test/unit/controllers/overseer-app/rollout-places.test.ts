import { expect } from "chai";
import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import { RolloutPlaces } from "../../../../src/controllers/overseer-app/gates/rollout-places.js";
import { MissingFactError } from "../../../../src/gates/context.js";

describe("Places of a rollout", () => {
  const follows = (namespace: string): boolean => namespace.startsWith("own");
  const caches = { apps: { values: (): OverseerApp[] => [], follows }, changes: { of: () => [] } };

  it("are given up to the limit, and given back", () => {
    const places = new RolloutPlaces();
    const take = (app: string) => places.of(app, caches).take("prod", new Set(["own-a", "own-b"]), 1);
    expect(take("own-a/x")).to.deep.equal([]);
    expect(take("own-b/y")).to.deep.equal(["own-a/x"]);
    places.release("own-a/x");
    expect(take("own-b/y")).to.deep.equal([]);
  });

  it("are refused if another process manages a namespace of the Environment", () => {
    const take = (...namespaces: string[]) =>
      new RolloutPlaces().of("own-a/x", caches).take("prod", new Set(["own-a", ...namespaces]), 5);
    const says =
      /^limits.concurrent of Environment prod cannot be kept: .*; put all namespaces of the Environment into one$/;
    expect(() => take("b"))
      .to.throw(MissingFactError, says)
      .with.property("message")
      .that.includes("namespace b of it");
    expect(() => take("b", "c")).to.throw(MissingFactError, "2 namespaces (b and others) of it belong to");
  });
});
