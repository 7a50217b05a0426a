import { expect } from "chai";
import { AppMemory } from "../../../../../src/controllers/overseer-app/app-memory.js";
import { Claims } from "../../../../../src/controllers/overseer-app/ownership/claims.js";
import { standingOf } from "../../../../../src/controllers/overseer-app/ownership/standing.js";
import { live } from "../../../plan/support/objects.js";
import { app, cacheOf, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const MOVED = live("v1 ConfigMap shop/moved");
const spec = { serviceAccountName: "writer" };

/** Returns the standing of `shop/other` toward `MOVED` while it is refused because of an object of `owner`. */
async function standing(owner: string, { looked = true } = {}) {
  const apps = cacheOf([app("shop/web", { spec }), app("shop/other", { spec }), app("shop/owner", { spec })]);
  apps.follows = (namespace) => namespace === "shop";
  const other = new AppMemory();
  const rendered = { inputs: inputs("new"), documents: [], kinds: [], notes: [], notesOmitted: 0 };
  other.claimed = { by: rendered, at: "cluster" };
  other.checked = { inputsKey: "new", refused: [{ key: "cluster x", owner }] };
  const memory = new AppMemory();
  memory.reconciled = looked;
  const claims = new Claims();
  claims.set("shop/owner", []);
  const destination = { id: "nowhere", unavailability: () => undefined, mayWrite: async () => true };
  const { run } = testRun(app("shop/web", { spec }), {
    apps: apps as never,
    claims,
    memories: new Map([
      ["shop/other", other],
      ["shop/owner", memory],
    ]),
    trustedNamespaces: new Set<string>(),
    destinations: { current: () => destination } as never,
  });
  return (await standingOf(run, "shop/other", MOVED)).takes;
}

describe("standingOf", () => {
  it("lets a refused app take an object once the owners of the refused objects release them", async () => {
    expect(await standing("shop/owner")).to.equal("now");
    expect(await standing("shop/owner", { looked: false })).to.equal("unknown");
    expect(await standing("shop/deleted-long-ago")).to.equal("now");
  });

  it("does not treat an app of another installation as deleted", async () => {
    expect(await standing("elsewhere/owner")).to.equal("later");
  });
});
