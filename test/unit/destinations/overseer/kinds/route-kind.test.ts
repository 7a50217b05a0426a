import { expect } from "chai";
import { ROUTE_KIND } from "../../../../../src/destinations/overseer/kinds/route-kind.js";
import { route, stateOf } from "../samples.js";

describe("the health of a route", () => {
  it("is Degraded with the reason when its node does not publish it", () => {
    const problem = "its sign-in provider sso has no forwardAuth";
    expect(ROUTE_KIND.health(route({ problem }), stateOf({}))).to.deep.equal({
      status: "Degraded",
      message: `is not published: ${problem}`,
    });
    expect(ROUTE_KIND.health(route(), stateOf({}))).to.deep.equal({ status: "Healthy" });
  });
});
