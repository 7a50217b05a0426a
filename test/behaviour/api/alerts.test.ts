import { expect } from "chai";
import type { AlertResults } from "../../../src/api/rest/alerts.js";
import { ApiClient } from "../../support/api-client.js";
import type { OperatorProcess } from "../../support/operator-process.js";
import { configMap, type LiveApp, World } from "../../support/world.js";
import {
  APP_RULES,
  grantAccount,
  removeInstallation,
  startInstalledApi,
  startRestricted,
} from "../install/restricted-operator.js";

describe("An Alertmanager", function () {
  this.timeout(180_000);
  let world: World;
  let api: OperatorProcess;

  before(async () => {
    world = await World.create("alerts", { withoutOperator: true });
    await startRestricted(world, { "api.enabled": true });
    api = await startInstalledApi(world);
    await grantAccount(world, "deployer", APP_RULES);
  });
  after(async () => {
    await api?.remove();
    await world?.remove();
    await removeInstallation(world);
  });

  const accountToken = async (name: string): Promise<string> => {
    const { body } = await world.kube.client.request<{ status: { token: string } }>({
      method: "POST",
      path: `/api/v1/namespaces/${world.namespace}/serviceaccounts/${name}/token`,
      body: {
        ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" },
        spec: { expirationSeconds: 3600 },
      },
    });
    return body.status.token;
  };
  /** An app with two revisions; returns the commit of the second one. */
  const twice = async (name: string): Promise<string> => {
    const repo = await world.repository(name, { "c.yaml": configMap(name, { a: "1" }) });
    await world.app(name, name, ".", { serviceAccountName: "deployer" });
    await world.synced(name);
    const commit = await repo.commit({ "c.yaml": configMap(name, { a: "2" }) }, "worse");
    await world.poll(name);
    await world.synced(name, commit);
    return commit;
  };

  it("rolls back the apps of firing alerts once, as far as its ServiceAccount may", async () => {
    const [commit] = await Promise.all([twice("alerted"), twice("web")]);
    const kinds = (resources: string[], verbs: string[], resourceNames?: string[]) => ({
      ...{ apiGroups: ["gitops.overseer.io"], resources, verbs },
      ...(resourceNames === undefined ? {} : { resourceNames }),
    });
    await grantAccount(world, "alertmanager", [
      kinds(["overseerapps"], ["get"]),
      kinds(["changes"], ["get", "list", "create"]),
      kinds(["overseerapps"], ["rollback"], ["alerted"]),
    ]);
    const alertmanager = await ApiClient.of(api, await accountToken("alertmanager"));
    const firing = (app: string) => ({
      ...{ status: "firing", fingerprint: `f-${app}`, startsAt: new Date(Date.now() + 1000).toISOString() },
      labels: { alertname: "TooManyErrors", overseer_app: `${world.namespace}/${app}` },
      annotations: { summary: "ignored" },
    });
    const others = { ...firing("alerted"), labels: { alertname: "Other" } };
    const notification = { version: "4", status: "firing", alerts: [firing("alerted"), firing("web"), others] };
    const post = async () =>
      (await alertmanager.send<AlertResults>("POST", "/hooks/alertmanager", notification)).body.results;
    const [requested, refused] = await post();
    expect(requested).to.deep.include({ app: `${world.namespace}/alerted`, result: "Requested" });
    expect(refused).to.deep.include({ app: `${world.namespace}/web`, result: "Refused" });
    expect(refused?.reason).to.include("does not have the verb rollback");
    const pinned = await world.kube.until<LiveApp>(
      world.appRef("alerted"),
      "is rolled back",
      ({ status }) => status?.pin !== undefined && status.applied?.commit !== commit,
    );
    expect(pinned.status?.pin?.requester).to.equal(`system:serviceaccount:${world.namespace}:alertmanager`);
    expect((await post())[0]).to.deep.include({ result: "Skipped", reason: "the app is rolled back already" });
    const alice = await ApiClient.of(api, world.controlPlane.tokens.alice);
    const strange = await alice.send<AlertResults>("POST", "/hooks/alertmanager", notification);
    expect(strange.body.results.map(({ result }) => result)).to.deep.equal(["Refused", "Refused"]);
    const unsigned = await (await ApiClient.of(api, undefined)).send("POST", "/hooks/alertmanager", notification);
    expect(unsigned.status).to.equal(401);
  });
});
