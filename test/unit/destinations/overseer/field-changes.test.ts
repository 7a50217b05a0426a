import { expect } from "chai";
import { desiredOf } from "../../../../src/destinations/overseer/desired-spec.js";
import { fieldChanges } from "../../../../src/destinations/overseer/field-changes.js";
import { app, document, node, stateOf } from "./samples.js";

const COUNT = 1_000;

describe("the fields in which an app of a Core differs", () => {
  it("are all shown, with whole values, as large as a Compose document may be", () => {
    const lines = Array.from({ length: COUNT }, (_, at) => `      V${at}: ${"a".repeat(at === 0 ? 100_000 : 100)}`);
    const record = app({ compose: `services:\n  web:\n    image: w:1\n    environment:\n${lines.join("\n")}\n` });
    const environment = Object.fromEntries(
      Array.from({ length: COUNT }, (_, at) => [`V${at}`, "b".repeat(at === 0 ? 100_000 : 100)]),
    );
    const compose = { services: { web: { image: "w:1", environment } } };
    const web = document("App", "web", { node: "node-1", compose, secrets: [] });
    const changes = fieldChanges(desiredOf(web), record, stateOf({ node: [node()], app: [record] }));
    expect(changes).to.have.length(COUNT);
    expect(
      changes
        .map(({ to }) => to?.length)
        .sort()
        .at(0),
    ).to.equal(100);
    expect(changes.find(({ path }) => path.endsWith("V0"))).to.deep.include({ to: "b".repeat(100_000) });
  });
});
