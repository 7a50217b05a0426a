import { expect } from "chai";
import type { EnvironmentItem } from "../../../../src/api/rest/environments.js";
import { inOrder } from "../../../../src/server/rest/routes/environments.js";

const environment = (name: string, ...promotesFrom: string[]): EnvironmentItem => ({
  name,
  spec: promotesFrom.length === 0 ? {} : { promotesFrom },
});
const names = (...environments: EnvironmentItem[]): string[] => inOrder(environments).map(({ name }) => name);

describe("the order of Environments", () => {
  it("is that of promotion, then that of names", () => {
    expect(
      names(environment("prod", "staging"), environment("staging", "dev"), environment("dev"), environment("alpha")),
    ).to.deep.equal(["alpha", "dev", "staging", "prod"]);
  });

  it("comes to an end for Environments that are promoted from each other, or from missing ones", () => {
    expect(names(environment("a", "b"), environment("b", "a"), environment("c", "nowhere"))).to.have.members([
      "a",
      "b",
      "c",
    ]);
  });
});
