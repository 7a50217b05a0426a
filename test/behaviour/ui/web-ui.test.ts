import { expect } from "chai";
import type { AppEvents, AppObjects } from "../../../src/api/rest/objects.js";
import { UiScenario } from "../../support/ui-scenario.js";
import { removeInstallation } from "../install/restricted-operator.js";

describe("The web UI", function () {
  this.timeout(180_000);
  let scenario: UiScenario;

  before(async () => {
    scenario = await UiScenario.create("ui");
  });
  after(async () => {
    await scenario?.remove();
    await removeInstallation(scenario?.world);
  });

  it("gets live objects with their pods and Events from the API, as far as the user may list them", async () => {
    const { namespace } = scenario.world;
    const alice = await scenario.as("alice");
    const { items, hidden } = await alice.get<AppObjects>(`/apps/${namespace}/web/objects`);
    const web = items.find(({ kind }) => kind === "Deployment");
    expect(web?.health).to.equal("Degraded");
    expect(items.filter(({ parent }) => parent === web?.uid).map(({ kind }) => kind)).to.deep.equal([
      "Pod",
      "Pod",
      "Pod",
    ]);
    expect(hidden).to.equal(undefined);
    const events = await alice.until<AppEvents>(`/apps/${namespace}/web/events`, "Events about pods", (list) =>
      list.items.some(({ object, reason }) => object.startsWith("Pod ") && reason === "FailedScheduling"),
    );
    expect(events.items.some(({ object }) => object.startsWith("OverseerApp "))).to.equal(true);
    const carol = await scenario.as("carol");
    const seen = await carol.get<AppObjects>(`/apps/${namespace}/web/objects`);
    expect(seen.items).to.deep.equal([]);
    expect(seen.hidden).to.include.members(["Deployment", "Secret"]);
    expect((await carol.get<AppEvents>(`/apps/${namespace}/web/events`)).hidden).to.deep.equal([namespace]);
  });
});
