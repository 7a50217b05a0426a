import { expect } from "chai";
import { freezePatch } from "../../../../src/api/environment-freeze.js";
import type { EnvironmentItem } from "../../../../src/api/rest/environments.js";
import { systemClock } from "../../../../src/base/clock.js";
import type { UserRequest } from "../../../../src/server/rest/identity/user-requests.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { environmentRoutes, inOrder } from "../../../../src/server/rest/routes/environments.js";

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

describe("the freeze of an Environment", () => {
  const REASON = { reason: "incident" };
  const ENDS = "2030-01-01T00:00:00.000Z";

  it("is replaced as a whole: one without an end removes the end of an earlier one", () => {
    expect(freezePatch(REASON)).to.deep.equal({ spec: { freeze: { ...REASON, until: null } } });
    expect(freezePatch({ ...REASON, until: ENDS })).to.deep.equal({ spec: { freeze: { ...REASON, until: ENDS } } });
    expect(freezePatch(null)).to.deep.equal({ spec: { freeze: null } });
  });

  it("is returned as it is stored", async () => {
    const patches: unknown[] = [];
    const request = async ({ method, body }: UserRequest) => {
      if (method === "PATCH") patches.push(body);
      // A policy of admission may have set an end.
      return { status: 200, warnings: [], body: { metadata: {}, spec: { freeze: { ...REASON, until: ENDS } } } };
    };
    const parts = {
      clock: systemClock,
      users: { as: () => ({ request }) },
      kinds: { findAny: async () => ({ group: "x", version: "v1", plural: "environments", namespaced: false }) },
    } as unknown as RestParts;
    const route = environmentRoutes(parts).find(({ path }) => path.endsWith("/freeze"));
    const call = { caller: { name: "eve" }, params: { name: "prod" }, body: REASON, headers: {} };
    const reply = await route?.handle(call as never);
    expect(patches).to.deep.equal([freezePatch(REASON)]);
    expect(reply).to.deep.equal({ status: 202, body: { name: "prod", freeze: { ...REASON, until: ENDS } } });
  });
});
