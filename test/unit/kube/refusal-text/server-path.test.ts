import { expect } from "chai";
import { resolvePath } from "../../../../src/kube/refusal-text/server-path.js";

describe("resolvePath", () => {
  const object = { spec: { ports: [{ port: 80 }, { port: 9223372036854775807n }] } };

  it("finds items of lists by their keys, also by whole numbers beyond 2^53", () => {
    expect(resolvePath(".spec.ports[port=80].name", object)).to.deep.equal(["spec", "ports", 0, "name"]);
    expect(resolvePath(".spec.ports[port=9223372036854775807].name", object)).to.deep.equal([
      "spec",
      "ports",
      1,
      "name",
    ]);
    expect(resolvePath(".spec.ports[port=81].name", object)).to.equal(undefined);
  });
});
