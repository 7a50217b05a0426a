import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { RemotePlane } from "../../support/remote-plane.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const ALL = ["get", "create", "patch", "delete"];
const versionOf = (object: RawObject): string | undefined => (object.data as Record<string, string> | undefined)?.v;

describe("The access to a remote cluster", function () {
  this.timeout(180_000);
  let world: World;
  let remote: RemotePlane;
  before(async () => {
    world = await World.create("remote-access", { operator: { trustedNamespaces: [] } });
    remote = await RemotePlane.start(world);
    await remote.grant("shop", ALL);
    await remote.grant("shop-next", ALL);
    await world.repository("web", { "x.yaml": configMap("web", { v: "1" }) });
  });
  after(async () => {
    await world?.remove();
    await remote?.stop();
  });
  /** Waits until a condition says what is told here. */
  const says = (app: string, type: string, reason: string, text: string | RegExp): Promise<unknown> =>
    world.kube.until<LiveApp>(world.appRef(app), `${type} ${reason} says ${text}`, (object) => {
      const found = condition(object, type);
      return found?.reason === reason && found.message.search(text) >= 0;
    });
  const drops = async (name: string, v: string): Promise<void> => {
    await remote.kube.patch(world.configMap(name), { data: { v: "drift" } });
    await remote.kube.until(world.configMap(name), "is healed", (object) => versionOf(object) === v);
  };

  it("waits for its Secret and its key, and names both", async () => {
    await remote.app("web", "web", "there");
    await says(
      "web",
      "Stalled",
      "SecretNotFound",
      `Secret ${world.namespace}/there in spec.destination.kubernetes.kubeConfigSecretRef does not exist`,
    );
    await remote.secret("there", remote.kubeconfig(), "config");
    await says("web", "Stalled", "InvalidKubeconfig", "has no key value or value.yaml");
  });

  it("is refused where a kubeconfig would run a program or skip a check, and shows nothing of it", async () => {
    const canary = world.canary();
    await remote.secret("there", remote.kubeconfig({ user: { exec: { command: `/bin/${canary}` } } }));
    await says("web", "Stalled", "InvalidKubeconfig", /users\[\]\.user\.exec would run/);
    await remote.secret("there", `users: [${canary}\n: ]`);
    await says("web", "Stalled", "InvalidKubeconfig", "is not valid YAML");
    await world.expectContracts();
  });

  it("that nobody knows there is told from one that does not answer", async () => {
    await remote.secret("there", remote.kubeconfig({ token: world.canary() }));
    await says("web", "Ready", "ClusterAuthenticationFailed", /\(401\)/);
    await remote.secret("there", remote.kubeconfig({ server: "https://127.0.0.1:1" }));
    await says("web", "Ready", "ClusterUnreachable", "ECONNREFUSED");
    await says("web", "Reconciling", "Retrying", "retrying automatically");
  });

  it("trusts no certificate but that of the authority in the kubeconfig", async () => {
    const cluster = { "certificate-authority-data": undefined };
    await remote.secret("there", remote.kubeconfig({ cluster }));
    await says("web", "Ready", "ClusterUnreachable", /certificate/);
  });

  it("works as soon as the Secret is right, with no more rights than that user's", async () => {
    await remote.secret("there", remote.kubeconfig({ token: remote.token("weak") }));
    await says("web", "Ready", "ApplyRefused", /User "weak" cannot patch/);
    await remote.secret("there", remote.kubeconfig({ token: remote.token("shop"), server: remote.proxyUrl }));
    await world.synced("web");
    await drops("web", "1");
  });

  it("goes over to a new credential without a restart, and lets the old one go", async () => {
    const { pid } = world.operator;
    const follows = (): boolean => [...remote.proxy.watches].some(({ path }) => path.endsWith("/configmaps"));
    await waitUntil({ what: "ConfigMaps are watched", timeoutMs: 60_000 }, follows);
    const old = [...remote.proxy.watches];
    await remote.secret("there", remote.kubeconfig({ token: remote.token("shop-next"), server: remote.proxyUrl }));
    remote.proxy.refusedTokens.add(remote.token("shop"));
    await world.synced("web");
    await drops("web", "1");
    await waitUntil({ what: "the old watches are closed", timeoutMs: 60_000 }, () =>
      old.every((watch) => !remote.proxy.watches.has(watch)),
    );
    expect(follows()).to.equal(true);
    expect(world.operator.pid).to.equal(pid);
  });

  it("is that of a ServiceAccount there where the app names one, if the user may impersonate it", async () => {
    const account = `system:serviceaccount:${world.namespace}:deployer`;
    await world.repository("tenant", { "x.yaml": configMap("tenant", { v: "1" }) });
    await remote.app("tenant", "tenant", "there", { serviceAccountName: "deployer" });
    await says("tenant", "Ready", "ApplyRefused", "cannot impersonate");
    await remote.grant("shop-next", ALL, [{ apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"] }]);
    // RBAC takes a moment to see what was granted.
    const until = (what: string, test: (app: LiveApp) => boolean): Promise<unknown> =>
      waitUntil({ what, timeoutMs: 60_000 }, async () => test(await world.poke("tenant")));
    await until("it may impersonate", (app) => condition(app, "Ready")?.message.includes(account) ?? false);
    await remote.writer("deployer", ALL, [{ kind: "ServiceAccount", name: "deployer", namespace: world.namespace }]);
    await until("it may write", (app) => condition(app, "Synced")?.status === "True");
    await world.synced("tenant");
  });

  it("gives nobody a hold on what another credential deletes there", async () => {
    const repo = await world.repository("hold", {
      "strong/x.yaml": configMap("held", { v: "1" }),
      "strong/keep.yaml": configMap("keep", {}),
      "weak/x.yaml": configMap("held", { v: "mine" }),
    });
    await remote.secret("strong", remote.kubeconfig());
    await remote.secret("weak", remote.kubeconfig({ token: remote.token("weak") }));
    const source = (path: string) => ({ source: { repositoryRef: { name: "hold" }, path } });
    await remote.app("strong", "hold", "strong", source("strong"));
    await world.synced("strong");
    await remote.app("weak", "hold", "weak", source("weak"));
    await world.untilCondition("weak", "Ready", "False", "ApplyRefused");
    const head = await repo.commit({ "strong/x.yaml": null }, "no held");
    await world.poll("hold");
    await world.synced("strong", head);
    await remote.kube.untilGone(world.configMap("held"));
  });

  it("is let go, with all watches, when the last app that uses it is gone", async () => {
    for (const name of ["web", "tenant"]) {
      await world.kube.delete(world.appRef(name));
      await world.kube.untilGone(world.appRef(name));
    }
    await waitUntil({ what: "no watch is open", timeoutMs: 60_000 }, () => remote.proxy.watches.size === 0);
    expect(await remote.kube.get(world.configMap("web"))).to.equal(undefined);
  });
});
