import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { RawObject } from "../../src/kube/object.js";
import { waitUntil } from "../../tools/wait-until.js";
import { ApiGate } from "../support/api-gate.js";
import type { TestRef } from "../support/kube.js";
import { OperatorProcess } from "../support/operator-process.js";
import { configMap, World } from "../support/world.js";

/** An operator, and the API server as it alone sees it. */
interface Candidate {
  readonly operator: OperatorProcess;
  readonly api: ApiGate;
  readonly identity: string;
}

type Lease = RawObject & { readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number } };

const SHORT = ["--lease-duration=4s", "--lease-renew-deadline=3s", "--lease-retry-period=500ms"];
/** Nothing expires within a test. */
const LONG = ["--lease-duration=3600s", "--lease-renew-deadline=1800s", "--lease-retry-period=200ms"];

describe("Of several operators", function () {
  this.timeout(180_000);
  let world: World;
  let lease: string;
  let candidates: Candidate[] = [];
  before(async () => {
    world = await World.create("leader", { withoutOperator: true });
    await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "overseer-system" } });
  });
  beforeEach(async () => {
    lease = `leader-${randomBytes(4).toString("hex")}`;
    await world.kube.create(freeLease(lease));
  });
  afterEach(async () => {
    for (const { operator, api } of candidates) {
      await operator.remove();
      await api.stop();
    }
    candidates = [];
    await world.kube.delete(leaseRef());
    for (const app of await world.kube.list("gitops.overseer.io/v1alpha1", "OverseerApp", world.namespace)) {
      await world.kube.patch(world.appRef(app.metadata.name), { metadata: { finalizers: null } });
      await world.kube.delete(world.appRef(app.metadata.name));
    }
  });
  after(() => world?.remove());

  it("that start at once, one works, and the other is ready as a standby", async () => {
    const pair = await Promise.all([start("a", SHORT), start("b", SHORT)]);
    await makeApp("both");
    await world.synced("both");
    const [leader, standby] = await ranks(pair);
    expect(leader.api.writes).not.to.deep.equal([]);
    expect(standby.api.writes).to.deep.equal([]);
    expect(await ready(standby)).to.equal(`200 ok: standby, the leader is ${(await holder()) ?? ""}\n`);
    expect(await ready(leader)).to.equal("200 ok\n");
    const metric = `leader_election_master_status{name="${lease}"}`;
    expect(await leader.operator.metric(metric)).to.equal(1);
    expect(await standby.operator.metric(metric)).to.equal(0);
    expect(await standby.operator.metric('overseer_git_polls_total{result="success"}')).to.equal(0);
  });

  it("a standby writes nothing, on a cluster where nobody has led before either", async () => {
    const keys = { apiVersion: "v1", kind: "Secret", namespace: "overseer-system", name: "overseer-gitops-keys" };
    await world.kube.delete(keys);
    await world.kube.patch(leaseRef(), { spec: { holderIdentity: "somebody", leaseDurationSeconds: 3600 } });
    const standby = await start("b", LONG);
    expect(await ready(standby)).to.equal("200 ok: standby, the leader is somebody\n");
    expect(standby.api.writes).to.deep.equal([]);
    expect(await world.kube.get(keys)).to.equal(undefined);
    await world.kube.patch(leaseRef(), { spec: { holderIdentity: "", leaseDurationSeconds: 1 } });
    await makeApp("first");
    await world.synced("first");
    expect(await world.kube.get(keys), "the leader makes the key").not.to.equal(undefined);
  });

  it("a standby asks nothing as long as it can see that there is a leader", async () => {
    const leader = await start("a", LONG);
    const standby = await start("b", LONG);
    const before = standby.api.seen.length;
    const renewed = leader.api.leaseWrites.length;
    await waitUntil({ what: "eight renewals", timeoutMs: 60_000 }, () => leader.api.leaseWrites.length >= renewed + 8);
    expect(standby.api.seen.slice(before)).to.deep.equal([]);
    expect(leader.api.seen.filter(({ method, path }) => method === "GET" && path.includes(lease))).to.have.length(1);
  });

  it("one that stops gives its lease up, and the other takes over at once", async () => {
    const leader = await start("a", LONG);
    await makeApp("handed");
    await world.synced("handed");
    const standby = await start("b", LONG);
    await leader.operator.stop();
    await drift("handed");
    await healed("handed");
    apart(leader, standby);
    expect((await readLease())?.spec).to.deep.include({ holderIdentity: standby.identity, leaseTransitions: 2 });
  });

  it("one that is killed in the middle of a change is replaced, and nothing is written twice", async () => {
    const leader = await start("a", [...SHORT, "--failpoint=app:after-first-write"]);
    const standby = await start("b", SHORT);
    await makeApp("half", 5);
    await leader.operator.ended();
    await world.synced("half");
    apart(leader, standby);
    const applied = [...leader.api.writes, ...standby.api.writes]
      .map(({ path }) => path)
      .filter((path) => path.includes("/configmaps/half-") && !path.includes("dryRun"))
      .map((path) => path.replace(/\?.*/, ""));
    expect(new Set(applied).size).to.equal(5);
    expect(applied).to.have.length(5);
    expect(leader.api.writes.some(({ path }) => path.includes("/configmaps/half-"))).to.equal(true);
  });

  it("one that is killed during a Change is replaced, and no write is lost or repeated", async () => {
    const inner = `${world.namespace}-inner`;
    const leader = await start("a", [...SHORT, "--failpoint=app:after-tier"]);
    const standby = await start("b", SHORT);
    const names = ["one", "two", "three"];
    const files = names.map((name) => [`${name}.yaml`, configMap(name, { v: "git" }, `  namespace: ${inner}\n`)]);
    await world.repository("deferred", {
      "ns.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${inner} }\n`,
      ...Object.fromEntries(files),
    });
    await world.app("deferred", "deferred", ".");
    await leader.operator.ended();
    await world.synced("deferred", undefined, 60_000);
    apart(leader, standby);
    const applied = ({ api }: Candidate): string[] =>
      api.writes
        .map(({ path }) => path)
        .filter((path) => path.includes(`/namespaces/${inner}`) && !path.includes("dryRun"))
        .map((path) => path.replace(/\?.*/, "").replace(/.*\//, ""))
        .sort();
    expect(applied(leader), "the writes that others waited for").to.deep.equal([inner]);
    expect(applied(standby)).to.deep.equal([...names].sort());
    expect((await world.changes("deferred")).map(({ status }) => status?.phase)).to.deep.equal(["Succeeded"]);
    for (const name of names) {
      const live = await world.kube.get({ apiVersion: "v1", kind: "ConfigMap", namespace: inner, name });
      expect(live?.data, name).to.deep.equal({ v: "git" });
    }
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: inner });
  });

  it("one that was stopped for longer than its lease writes nothing when it wakes", async () => {
    const leader = await start("a", SHORT);
    await makeApp("asleep");
    await world.synced("asleep");
    const standby = await start("b", SHORT);
    process.kill(leader.operator.pid, "SIGSTOP");
    await drift("asleep");
    await healed("asleep");
    const seen = leader.api.seen.length;
    expect(await holder()).to.equal(standby.identity);
    process.kill(standby.operator.pid, "SIGSTOP");
    await drift("asleep");
    process.kill(leader.operator.pid, "SIGCONT");
    await leader.operator.ended();
    process.kill(standby.operator.pid, "SIGCONT");
    expect(leader.api.seen.slice(seen).filter(({ method }) => method !== "GET")).to.deep.equal([]);
    expect(leader.operator.end).to.equal("exit code 3");
  });

  it("one that is cut off from the API server ends before the other begins", async () => {
    const leader = await start("a", SHORT);
    await makeApp("cut");
    await world.synced("cut");
    const standby = await start("b", SHORT);
    leader.api.cut();
    await drift("cut");
    await leader.operator.ended();
    expect(leader.operator.end).to.equal("exit code 3");
    await tookOverLater(leader, standby);
    await healed("cut");
    apart(leader, standby);
  });

  it("the leader takes a lease back that was deleted or emptied by hand", async () => {
    const leader = await start("a", SHORT);
    await makeApp("edited");
    await world.synced("edited");
    const standby = await start("b", SHORT);
    const before = await readLease();
    await world.kube.delete(leaseRef());
    await world.kube.until<Lease>(leaseRef(), "is there again", ({ spec }) => spec.holderIdentity === leader.identity);
    await world.kube.patch(leaseRef(), { spec: { holderIdentity: "" } });
    await world.kube.until<Lease>(leaseRef(), "is held again", ({ spec }) => spec.holderIdentity === leader.identity);
    await world.kube.patch(leaseRef(), { metadata: { labels: { touched: "yes" } } });
    const { resourceVersion } = (await readLease())?.metadata ?? {};
    const after = await world.kube.until<Lease>(
      leaseRef(),
      "is renewed",
      ({ metadata }) => metadata.resourceVersion !== resourceVersion,
    );
    expect(after.metadata.labels).to.deep.equal({ touched: "yes" });
    expect(after.spec.leaseTransitions).to.equal(before?.spec.leaseTransitions);
    await drift("edited");
    await healed("edited");
    expect(standby.api.writes).to.deep.equal([]);
    expect(leader.operator.running).to.equal(true);
  });

  it("a lease that somebody takes by hand ends its leader, and expires before another one works", async () => {
    const leader = await start("a", SHORT);
    await makeApp("taken");
    await world.synced("taken");
    const standby = await start("b", SHORT);
    await world.kube.patch(leaseRef(), { spec: { holderIdentity: "somebody" } });
    await leader.operator.ended();
    expect(leader.operator.end).to.equal("exit code 3");
    await tookOverLater(leader, standby);
    await drift("taken");
    await healed("taken");
    apart(leader, standby);
    expect(await holder()).to.equal(standby.identity);
  });

  /** Starts an operator that takes part in the election. */
  async function start(name: string, flags: readonly string[]): Promise<Candidate> {
    const api = await ApiGate.start(world.controlPlane);
    const identity = `${name}-${randomBytes(4).toString("hex")}`;
    const operator = await OperatorProcess.start({
      kubeconfigPath: await api.kubeconfig(),
      trustedNamespaces: [world.namespace],
      flags: ["--leader-election=true", `--lease-name=${lease}`, `--identity=${identity}`, ...flags],
    });
    candidates.push({ operator, api, identity });
    return { operator, api, identity };
  }

  /** Leader first. */
  async function ranks([a, b]: readonly [Candidate, Candidate]): Promise<readonly [Candidate, Candidate]> {
    return (await holder()) === a.identity ? [a, b] : [b, a];
  }

  /** Checks that the last write of the first came before the first one of the second, and that the second has written. */
  function apart(first: Candidate, second: Candidate): void {
    const [last, next] = [first.api.writes.at(-1), second.api.writes[0]];
    expect(next, "the second has written").not.to.equal(undefined);
    expect(last?.at).to.be.lessThan(next?.at ?? 0);
  }

  /** Checks that the first had ended all writes when the second began to lead: by their logs, whose times are of one machine. */
  async function tookOverLater(first: Candidate, second: Candidate): Promise<void> {
    const ended = await loggedAt(first, "leadership lost, restarting as standby");
    expect(ended).to.be.lessThan(await loggedAt(second, "leading"));
  }

  function loggedAt({ operator }: Candidate, message: string): Promise<number> {
    return waitUntil({ what: `"${message}" is logged`, timeoutMs: 60_000 }, async () => {
      const line = (await operator.log()).split("\n").find((text) => text.includes(`"msg":"${message}"`));
      return line === undefined ? undefined : Date.parse((JSON.parse(line) as { ts: string }).ts);
    });
  }

  async function ready({ operator }: Candidate): Promise<string> {
    const answer = await fetch(`${await operator.address()}/readyz`);
    return `${answer.status} ${await answer.text()}`;
  }

  function leaseRef(): TestRef {
    return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "overseer-system", name: lease };
  }

  async function readLease(): Promise<Lease | undefined> {
    return world.kube.get<Lease>(leaseRef());
  }

  async function holder(): Promise<string | undefined> {
    return (await readLease())?.spec.holderIdentity;
  }

  async function makeApp(name: string, objects = 1): Promise<void> {
    const file = (number: number): [string, string] => [`${number}.yaml`, configMap(`${name}-${number}`, { v: "git" })];
    await world.repository(name, Object.fromEntries(Array.from({ length: objects }, (_, index) => file(index))));
    await world.app(name, name, ".");
  }

  async function drift(name: string): Promise<void> {
    await world.kube.patch(world.configMap(`${name}-0`), { data: { v: "drifted" } }, { manager: "somebody" });
  }

  async function healed(name: string): Promise<void> {
    await world.kube.until(
      world.configMap(`${name}-0`),
      "is healed",
      (object) => (object.data as Record<string, string>).v === "git",
    );
  }
});

/** A lease that its last holder gave up: the first operator need not wait. */
function freeLease(name: string) {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { namespace: "overseer-system", name },
    spec: { holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 0 },
  };
}
