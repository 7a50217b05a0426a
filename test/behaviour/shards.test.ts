import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { RawObject } from "../../src/kube/object.js";
import { waitUntil } from "../../tools/wait-until.js";
import { ApiGate } from "../support/api-gate.js";
import { OperatorProcess } from "../support/operator-process.js";
import { configMap, World } from "../support/world.js";

/** A replica, and the API server as it alone sees it. */
interface Replica {
  readonly operator: OperatorProcess;
  readonly api: ApiGate;
  readonly identity: string;
}

type Lease = RawObject & { readonly spec: { readonly holderIdentity?: string } };

const SHORT = ["--lease-duration=4s", "--lease-renew-deadline=3s", "--lease-retry-period=500ms"];
const LEASES = "overseer-system";
const NAMES = ["default", "a", "b", "c"] as const;
type Name = (typeof NAMES)[number];

describe("Replicas that divide namespaces into shards", function () {
  this.timeout(180_000);
  const prefix = `shards-${randomBytes(4).toString("hex")}`;
  const worlds = new Map<Name, World>();
  const replicas: Replica[] = [];
  before(async () => {
    for (const name of NAMES) worlds.set(name, await World.create(`shard-${name}`, { withoutOperator: true }));
    const { kube } = worldOf("default");
    await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: LEASES } });
    await kube.delete(leaseRef("default", "overseer-gitops"));
    for (const name of NAMES) await freeLease(leaseRef(name).name);
    await start("one");
    await start("two");
  });
  after(async () => {
    for (const { operator, api } of replicas) {
      if (operator.running) process.kill(operator.pid, "SIGCONT");
      await operator.remove();
      await api.stop();
    }
    for (const [name, world] of worlds) {
      for (const app of await world.kube.list("gitops.overseer.io/v1alpha1", "OverseerApp", world.namespace)) {
        await world.kube.patch(world.appRef(app.metadata.name), { metadata: { finalizers: null } });
        await world.kube.delete(world.appRef(app.metadata.name));
      }
      await world.kube.delete(leaseRef(name));
      await world.remove();
    }
  });

  it("hold equal shares, and write in the namespaces of their shards alone", async () => {
    await shared(2, 2);
    const holders = await holdersOf();
    for (const name of NAMES) {
      const world = worldOf(name);
      await world.repository("app", { "x.yaml": configMap("app", { v: "git" }) });
      await world.app("app", "app", ".");
    }
    for (const name of NAMES) await worldOf(name).synced("app");
    for (const name of NAMES)
      for (const { identity, api } of replicas)
        expect(writesIn(api, name).length > 0, `${identity} wrote in ${name}`).to.equal(holders.get(name) === identity);
    for (const { operator, identity } of replicas) {
      const metrics = await (await fetch(`${await operator.address()}/metrics`)).text();
      for (const name of NAMES) {
        const leads = Number(holders.get(name) === identity);
        expect(metrics).to.include(
          `leader_election_master_status{name="${leaseRef(name).name}",shard="${name}"} ${leads}`,
        );
        expect(metrics.includes(`namespace="${worldOf(name).namespace}"`)).to.equal(leads === 1);
      }
      expect(metrics.match(/^# TYPE overseer_apps gauge$/gm)).to.have.length(1);
    }
  });

  it("serve the namespaces of one that is killed, and make no Change twice", async () => {
    const [killed, other] = ranked(await holdersOf());
    const lost = await heldBy(killed);
    await killed.operator.stop("SIGKILL");
    for (const name of lost) await drift(name);
    for (const name of lost) await healed(name);
    for (const name of NAMES) {
      expect((await holdersOf()).get(name)).to.equal(other.identity);
      const phases = (await worldOf(name).changes("app")).map(({ status }) => status?.phase);
      expect(phases, name).to.deep.equal(["Succeeded"]);
    }
  });

  it("give a new one its share, which writes nothing where nothing has changed", async () => {
    const before = await versions();
    const fresh = await start("three");
    await shared(2, 2);
    await waitUntil({ what: "the new replica manages its shards", timeoutMs: 60_000 }, async () => {
      const metrics = await (await fetch(`${await fresh.operator.address()}/metrics`)).text();
      const counts = [...metrics.matchAll(/^overseer_apps\{state="ready",shard="\w+"\} (\d)/gm)].map(
        ([, count]) => count,
      );
      return counts.filter((count) => count === "1").length === 2;
    });
    expect(await versions()).to.deep.equal(before);
    for (const name of await heldBy(fresh)) await drift(name);
    for (const name of await heldBy(fresh)) await healed(name);
  });

  it("write nothing after they were stopped for longer than their leases, and go on as standby", async () => {
    const [stopped, other] = ranked(await holdersOf());
    const lost = await heldBy(stopped);
    process.kill(stopped.operator.pid, "SIGSTOP");
    for (const name of lost) await drift(name);
    for (const name of lost) await healed(name);
    const resumed = performance.now();
    const seen = stopped.api.seen.length;
    const wall = Date.now();
    process.kill(stopped.operator.pid, "SIGCONT");
    for (const name of lost) await loggedAfter(stopped, "leadership lost, restarting as standby", name, wall);
    // It gets its share again. Until then it may not have written there.
    await shared(2, 2);
    for (const name of lost) {
      const again = (await loggedTimes(stopped, "leading", name)).find((time) => time >= wall) ?? Infinity;
      const early = stopped.api.seen
        .slice(seen)
        .filter(({ method, path, at }) => isWriteIn(name, method, path) && wall + (at - resumed) < again);
      expect(early, name).to.deep.equal([]);
    }
    expect(stopped.operator.running && other.operator.running).to.equal(true);
  });

  it("lose no other shard when the lease of one is taken by hand", async () => {
    const holders = await holdersOf();
    const [holder] = ranked(holders);
    const [taken, kept] = (await heldBy(holder)) as [Name, Name];
    const since = Date.now();
    const { kube } = worldOf("default");
    await kube.patch(leaseRef(taken), { spec: { holderIdentity: "somebody" } });
    await loggedAfter(holder, "leadership lost, restarting as standby", taken, since);
    const leading = await loggedTimes(holder, "leading", kept);
    await drift(taken);
    await drift(kept);
    await healed(kept);
    await healed(taken);
    expect(await loggedTimes(holder, "leading", kept)).to.deep.equal(leading);
  });

  it("start no shard whose namespaces another one has", async () => {
    const { namespace } = worldOf("a");
    const lease = `${prefix}-other`;
    for (const name of [lease, `${lease}-other`]) await freeLease(name);
    const api = await ApiGate.start(worldOf("a").controlPlane);
    const operator = await OperatorProcess.start({
      kubeconfigPath: await api.kubeconfig(),
      flags: [`--shards=other=${namespace}`, "--leader-election=true", `--lease-name=${lease}`, ...SHORT],
      heldUp: true,
    });
    replicas.push({ operator, api, identity: "other" });
    const said = `already manages the namespaces ${namespace}: `;
    await waitUntil({ what: "the overlap is reported", timeoutMs: 60_000 }, async () =>
      (await operator.log()).includes(said),
    );
    expect(writesIn(api, "a")).to.deep.equal([]);
  });

  function worldOf(name: Name): World {
    const world = worlds.get(name);
    if (!world) throw new Error(`no world ${name}`);
    return world;
  }

  async function start(name: string): Promise<Replica> {
    const api = await ApiGate.start(worldOf("default").controlPlane);
    const identity = `${name}-${randomBytes(4).toString("hex")}`;
    const groups = NAMES.filter((group) => group !== "default").map((group) => `${group}=${worldOf(group).namespace}`);
    const operator = await OperatorProcess.start({
      kubeconfigPath: await api.kubeconfig(),
      trustedNamespaces: NAMES.map((group) => worldOf(group).namespace),
      flags: [
        "--leader-election=true",
        ...[`--lease-name=${prefix}`, `--identity=${identity}`, `--shards=${groups.join(";")}`],
        ...SHORT,
      ],
    });
    const replica = { operator, api, identity };
    replicas.push(replica);
    return replica;
  }

  /** Makes a lease that its last holder gave up: the first replica need not wait. */
  async function freeLease(name: string): Promise<void> {
    const spec = { holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 0 };
    const metadata = { namespace: LEASES, name };
    await worldOf("default").kube.create({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
  }

  function leaseRef(shard: Name, base = prefix) {
    const name = shard === "default" ? base : `${base}-${shard}`;
    return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: LEASES, name };
  }

  async function holdersOf(): Promise<ReadonlyMap<Name, string>> {
    const { kube } = worldOf("default");
    const found = NAMES.map(
      async (name) => [name, (await kube.get<Lease>(leaseRef(name)))?.spec.holderIdentity ?? ""] as const,
    );
    return new Map(await Promise.all(found));
  }

  async function heldBy({ identity }: Replica): Promise<readonly Name[]> {
    const holders = await holdersOf();
    return NAMES.filter((name) => holders.get(name) === identity);
  }

  /** Waits until the running replicas hold so many shards. */
  async function shared(...counts: readonly number[]): Promise<void> {
    await waitUntil({ what: `shares of ${counts.join(" and ")}`, timeoutMs: 60_000 }, async () => {
      const holders = [...(await holdersOf()).values()].filter((holder) => holder !== "");
      const found = [...new Set(holders)].map((holder) => holders.filter((other) => other === holder).length);
      return found.sort().join() === [...counts].sort().join();
    });
  }

  /** The running replicas that hold shards, in the order of their start. */
  function ranked(holders: ReadonlyMap<Name, string>): readonly [Replica, Replica] {
    const [first, second] = replicas.filter(({ identity }) => [...holders.values()].includes(identity));
    if (!first || !second) throw new Error("fewer than two replicas hold shards");
    return [first, second];
  }

  function isWriteIn(name: Name, method: string, path: string): boolean {
    return method !== "GET" && !path.includes("/leases") && path.includes(`/namespaces/${worldOf(name).namespace}/`);
  }

  function writesIn(api: ApiGate, name: Name) {
    return api.writes.filter(({ method, path }) => isWriteIn(name, method, path));
  }

  /** Versions of everything that an operator may write. */
  async function versions(): Promise<readonly string[]> {
    const all = NAMES.map(async (name) => {
      const world = worldOf(name);
      const kinds = ["OverseerApp", "GitRepository", "Change"].map((kind) =>
        world.kube.list("gitops.overseer.io/v1alpha1", kind, world.namespace),
      );
      const objects = [...(await Promise.all(kinds)).flat(), await world.kube.get(world.configMap("app"))];
      return objects.map((object) => `${object?.metadata.name} ${object?.metadata.resourceVersion}`);
    });
    return (await Promise.all(all)).flat();
  }

  async function drift(name: Name): Promise<void> {
    const world = worldOf(name);
    await world.kube.patch(world.configMap("app"), { data: { v: "drifted" } }, { manager: "somebody" });
  }

  async function healed(name: Name): Promise<void> {
    const world = worldOf(name);
    await world.kube.until(
      world.configMap("app"),
      "is healed",
      (object) => (object.data as Record<string, string>).v === "git",
    );
  }

  /** Times at which a replica has logged a message about a shard, in milliseconds since the epoch. */
  async function loggedTimes({ operator }: Replica, message: string, shard: Name): Promise<readonly number[]> {
    const lines = (await operator.log()).split("\n").filter((text) => text.includes(`"msg":"${message}"`));
    const parsed = lines.map((text) => JSON.parse(text) as { readonly ts: string; readonly shard?: string });
    return parsed.filter((line) => line.shard === shard).map(({ ts }) => Date.parse(ts));
  }

  function loggedAfter(replica: Replica, message: string, shard: Name, since: number): Promise<number> {
    return waitUntil({ what: `"${message}" is logged for ${shard}`, timeoutMs: 60_000 }, async () =>
      (await loggedTimes(replica, message, shard)).find((time) => time >= since),
    );
  }
});
