import { expect } from "chai";
import { environmentConditions } from "../../../../src/controllers/environment/conditions.js";
import { environment } from "../../gates/support/environments.js";

const texts = (...[one, facts]: Parameters<typeof environmentConditions>): string[] =>
  environmentConditions(one, facts).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  );

describe("the conditions of an Environment", () => {
  it("say what it governs", () => {
    const prod = environment("prod", { namespaces: [{ name: "shop" }] });
    expect(texts(prod, { all: [prod], apps: 2, doubt: undefined })).to.deep.equal([
      "Ready=True Governing: governs 2 apps in 1 namespace",
      "PoliciesInForce=True PoliciesInForce: the admission policies are those of this version",
    ]);
  });

  it("name policies that are not in force", () => {
    const prod = environment("prod");
    const doubt = "the policy is missing";
    expect(texts(prod, { all: [prod], apps: 0, doubt })).to.deep.equal([
      "Ready=False PoliciesNotInForce: no decision of a user counts: the policy is missing",
      "PoliciesInForce=False PoliciesNotInForce: the policy is missing",
      "Stalled=True PoliciesNotInForce: no decision of a user counts: the policy is missing",
    ]);
  });

  it("name a circle and a missing Environment", () => {
    const prod = environment("prod", { promotesFrom: ["staging"] });
    const staging = environment("staging", { promotesFrom: ["prod"] });
    const facts = { apps: 0, doubt: undefined };
    expect(texts(prod, { ...facts, all: [prod, staging] })[0]).to.equal(
      "Ready=False PromotionCircle: spec.promotesFrom leads in a circle: prod → staging → prod: nothing can be promoted until one of these names is removed",
    );
    const alone = texts(prod, { ...facts, all: [prod] });
    expect(alone[0]).to.equal(
      "Ready=False EnvironmentNotFound: spec.promotesFrom names Environment staging, which does not exist: create it, or correct the name",
    );
  });
});
