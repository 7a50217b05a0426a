import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { decidersClock, InProcessOperator } from "../../support/in-process-operator.js";
import type { TestRef } from "../../support/kube.js";
import { Rival } from "../../support/rival.js";
import { WebhookServer } from "../../support/webhook-server.js";
import { condition, configMap, deployment, World } from "../../support/world.js";
import { FakeClock } from "../../unit/support/fake-clock.js";
import { RecordingProxy } from "./recording-proxy.js";

const HOUR = 3_600_000;
const HOURS = 24;
const HEALTHY = ["healthy-0", "healthy-1", "healthy-2"];

const dataOf = (object: RawObject | undefined): unknown => object?.data;
const replicasOf = (object: RawObject): number => (object.spec as { replicas: number }).replicas;

describe("A day beside others that write to our objects, too", function () {
  this.timeout(240_000);
  let world: World;
  let proxy: RecordingProxy;
  let webhooks: WebhookServer;
  let operator: InProcessOperator | undefined;
  const rivals: Rival[] = [];
  const clock = new FakeClock();
  let sunrise = 0;
  let original: Map<string, RawObject>;

  const maps = (name: string): TestRef => world.configMap(name);
  const web = (name: string): TestRef => world.object("apps/v1", "Deployment", name);
  const scope = () => ({
    name: "defaulting",
    namespace: world.namespace,
    apiGroup: "",
    version: "v1",
    resource: "configmaps",
  });
  const objects = (): TestRef[] => [
    ...[...HEALTHY, "defaulted", "edited", "labelled"].map(maps),
    web("scaled"),
    web("free"),
  ];
  const pathOf = ({ kind, name }: TestRef): string =>
    kind === "ConfigMap"
      ? `/api/v1/namespaces/${world.namespace}/configmaps/${name}`
      : `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
  /** Writes to an object in each hour of the day. */
  const perHour = (ref: TestRef): number[] => {
    const counts = Array.from({ length: HOURS }, () => 0);
    for (const { at } of proxy.writes(pathOf(ref), 0)) {
      const hour = Math.floor(at / HOUR);
      if (hour < HOURS) counts[hour] = (counts[hour] ?? 0) + 1;
    }
    return counts;
  };
  const scaleTo = (name: string, replicas: number): Promise<unknown> =>
    world.kube.patch(web(name), { spec: { replicas } }, { manager: "autoscaler", subresource: "scale" });

  before(async () => {
    world = await World.create("day");
    proxy = await RecordingProxy.start(world.controlPlane);
    webhooks = await WebhookServer.start(world.controlPlane);
    await webhooks.install(world.kube, scope(), ({ metadata }) =>
      metadata.name === "defaulted" ? [{ op: "add", path: "/data/a", value: "of the webhook" }] : undefined,
    );
    const files = Object.fromEntries(
      [...HEALTHY, "defaulted", "edited"].map((name) => [`${name}.yaml`, configMap(name, { a: "one" })]),
    );
    files["labelled.yaml"] = configMap("labelled", { a: "one" }, "  labels: { tier: front }\n");
    files["scaled.yaml"] = deployment("scaled", 1);
    files["free.yaml"] = deployment("free").replace("  replicas: 1\n", "");
    const repo = await world.repository("day", files, { interval: "24h" });
    await world.app("day", "day", ".");
    await world.synced("day", await repo.head(), 60_000);
    await world.operator.stop();
    await beginDay();
  });
  after(async () => {
    await Promise.all(rivals.map((rival) => rival.stop()));
    await operator?.stop();
    await webhooks?.uninstall(world.kube, scope());
    await world?.remove();
    await webhooks?.stop();
    await proxy?.stop();
  });

  /** From now on time is ours, and everybody does what he does. */
  async function beginDay(): Promise<void> {
    original = new Map();
    for (const ref of objects()) original.set(ref.name, (await world.kube.get(ref)) as RawObject);
    const follow = async (ref: TestRef, react: (object: RawObject) => Promise<unknown> | undefined): Promise<void> => {
      rivals.push(await Rival.start(world.kube, world.controlPlane.kubeconfigPath, ref, react));
    };
    await follow(web("scaled"), (object) => (replicasOf(object) === 2 ? undefined : scaleTo("scaled", 2)));
    await follow(maps("labelled"), ({ metadata }) =>
      metadata.labels?.tier === "back"
        ? undefined
        : world.kube.patch(maps("labelled"), { metadata: { labels: { tier: "back" } } }, { manager: "other-operator" }),
    );
    await waitUntil({ what: "both rivals are there", timeoutMs: 30_000 }, () =>
      rivals.every(({ writes }) => writes > 0),
    );
    operator = await InProcessOperator.start({
      kubeconfigPath: proxy.kubeconfigPath,
      trustedNamespaces: [world.namespace],
      clock: decidersClock(clock),
    });
    // What comes before the day: the operator begins to work.
    let ready = false;
    const poked = world.poke("day").finally(() => {
      ready = true;
    });
    await waitUntil({ what: "the operator works", timeoutMs: 60_000, intervalMs: 5 }, () => {
      clock.advance(5);
      return ready;
    });
    await poked;
    sunrise = clock.monotonic();
    proxy.time = () => clock.monotonic() - sunrise;
  }
  /** Whether all have seen the newest state of what they fight over, and nothing is under way. */
  const isQuiet = async (): Promise<boolean> => {
    if (operator?.busy || proxy.pending > 0) return false;
    const [scaled, labelled] = await Promise.all([world.kube.get(web("scaled")), world.kube.get(maps("labelled"))]);
    const newest = [scaled, labelled].map((object) => Number(object?.metadata.resourceVersion));
    const seen = ["/apis/apps/v1/deployments", "/api/v1/configmaps"].map((path) => proxy.seen.get(path) ?? 0);
    return newest.every((version, at) => version <= Math.min(seen[at] ?? 0, rivals[at]?.seen ?? 0));
  };
  /** Waits for all that follows from what has happened, so that a slow machine takes no time of the day. */
  const settled = async (): Promise<void> => {
    let last = -1;
    await waitUntil({ what: "nothing is under way", timeoutMs: 120_000, intervalMs: 5 }, async () => {
      const before = last;
      last = proxy.requests.length;
      return (await isQuiet()) && before === last && proxy.requests.length === last;
    });
  };
  /** Lets the day go on until this hour, from one timer to the next. */
  const hour = async (count: number): Promise<void> => {
    await settled();
    const end = sunrise + count * HOUR;
    while (clock.monotonic() < end) {
      const mark = proxy.requests.length;
      clock.advance(Math.min(clock.timers[0] ?? HOUR, end - clock.monotonic()));
      await new Promise(setImmediate);
      if (operator?.busy || proxy.requests.length > mark) await settled();
    }
  };

  it("an edit by hand is put back by one write", async () => {
    await hour(6);
    const mark = proxy.requests.length;
    await world.kube.patch(maps("edited"), { data: { a: "by hand" } }, { manager: "kubectl-edit" });
    await world.kube.until(maps("edited"), "is put back", (object) => (dataOf(object) as { a: string }).a === "one");
    expect(proxy.writes(pathOf(maps("edited")), mark)).to.have.length(1);
  });

  it("replicas that Git leaves to an autoscaler cost nothing, however often it changes them", async () => {
    for (let count = 0; count < 4; count++) {
      await hour(8 + count);
      const mark = proxy.requests.length;
      await scaleTo("free", 2 + (count % 2));
      await hour(8.9 + count);
      expect(proxy.writes(pathOf(web("free")), mark)).to.deep.equal([]);
    }
  });

  it("two writers that revert fields at once cost few writes, and are named with a remedy", async () => {
    await hour(HOURS);
    for (const ref of [web("scaled"), maps("labelled")]) {
      const counts = perHour(ref);
      const told = `${ref.name}: ${counts.join(" ")}`;
      expect(counts[0], told).to.be.within(5, 14);
      expect(Math.max(...counts.slice(1)), told).to.be.within(4, 7);
      expect(Math.min(...counts.slice(1)), `the fight goes on: ${told}`).to.be.at.least(4);
    }
    for (const rival of rivals) expect(rival.writes).to.be.at.least(HOURS);
    const app = await world.untilCondition("day", "Contested", "True");
    const message = condition(app, "Contested")?.message ?? "";
    expect(message).to.match(
      /Deployment .*scaled: changed again .*\(autoscaler \(by \/scale\): \.spec\.replicas\): remove spec\.replicas from Git/,
    );
    expect(message).to.match(
      /ConfigMap .*labelled: changed again .*\(other-operator: \.metadata\.labels\.tier\): remove the field from Git/,
    );
  });

  it("all others are looked at once or twice, and never written", async () => {
    for (const ref of [...HEALTHY, "defaulted"].map(maps)) {
      const looks = perHour(ref).reduce((sum, count) => sum + count, 0);
      expect(looks, ref.name).to.be.within(1, 2);
      const live = await world.kube.get(ref);
      expect(live?.metadata.resourceVersion, ref.name).to.equal(original.get(ref.name)?.metadata.resourceVersion);
    }
    expect(dataOf(await world.kube.get(maps("defaulted")))).to.deep.equal({ a: "of the webhook" });
  });
});
