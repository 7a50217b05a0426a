import { expect } from "chai";
import { AdmissionWatches } from "../../../../../src/destinations/kubernetes/resync/admission-watches.js";
import type { ResourceMatcher } from "../../../../../src/destinations/kubernetes/resync/resource-matcher.js";
import { PACE } from "../../../../../src/destinations/kubernetes/resync/resync-rate.js";
import type { Discovery } from "../../../../../src/kube/discovery.js";
import type { ResourceInfo } from "../../../../../src/kube/resource.js";
import { eventually } from "../../../support/eventually.js";
import { type Call, FakeApiServer } from "../../../support/fake-api-server.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { FakeLogger } from "../../../support/fake-logger.js";
import { added, bookmark } from "../../../support/reflector-rig.js";

const DEFINITIONS: ResourceInfo = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
  verbs: new Set(["list", "watch"]),
  hasStatus: true,
};

describe("AdmissionWatches", () => {
  let server: FakeApiServer;
  const clock = new FakeClock();
  const logger = new FakeLogger();
  let watches: AdmissionWatches;
  let changes = 0;
  let unanswered = 1;
  before(async () => {
    server = await FakeApiServer.start();
    const all = async (): Promise<ResourceInfo[]> => {
      if (unanswered-- > 0) throw new Error("no discovery now");
      return [DEFINITIONS];
    };
    watches = new AdmissionWatches({
      client: server.client(),
      discovery: { all } as unknown as Discovery,
      clock,
      logger,
      onChange: () => changes++,
      onFailure: () => {},
    });
  });
  after(async () => {
    await watches.stop();
    await server.close();
  });

  const warned = (): number =>
    logger.lines.filter(({ message }) => message.includes("lacks permission to list")).length;

  it("start after discovery", async () => {
    watches.start();
    await eventually("it failed", () => clock.timers.length === 1);
    clock.advance(30_000);
    (await server.next()).status(403, "Forbidden");
  });

  it("retry rarely without permission, log that once, and verify everything afterwards", async () => {
    for (let round = 0; round < 12; round++) {
      const [pause = 0] = await eventually("a pause", () => (clock.timers.length === 1 ? clock.timers : undefined));
      expect(pause).to.be.at.most(300_000 * 1.2);
      clock.advance(pause);
      const call = await server.next();
      if (round < 11) call.status(403, "Forbidden");
      else {
        expect(pause, "it is asked for every few minutes").to.be.at.least(300_000 * 0.8);
        call.open().send(added("x", 1, 1), bookmark(2, true));
      }
    }
    await eventually("all is looked at", () => changes === 1);
    expect(warned()).to.equal(1);
  });
});

const POLICY = { group: "admissionregistration.k8s.io", version: "v1", namespaced: false, hasStatus: true };
const POLICIES: readonly ResourceInfo[] = ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"].map((kind) => ({
  ...POLICY,
  kind,
  plural: `${kind.toLowerCase()}s`.replace("policys", "policies"),
  verbs: new Set(["list", "watch"]),
}));

describe("AdmissionWatches of policies", () => {
  const clock = new FakeClock();
  let server: FakeApiServer;
  let watches: AdmissionWatches;
  const changes: ResourceMatcher[] = [];
  const streams = new Map<string, Call>();
  /** What is served, by path: a policy, or nothing. */
  const stored = new Map<string, object>();
  let version = 10;

  before(async () => {
    server = await FakeApiServer.start();
    server.onCall = (call) => {
      if (call.query.watch === "1") streams.set(call.path, call.open().send(bookmark(1, true)));
      else {
        const object = stored.get(call.path);
        if (object) call.json(object);
        else call.status(404, "NotFound");
      }
    };
    watches = new AdmissionWatches({
      client: server.client(),
      discovery: { all: async () => POLICIES } as unknown as Discovery,
      clock,
      logger: new FakeLogger(),
      onChange: (concerns) => changes.push(concerns),
      onFailure: () => {},
    });
    watches.start();
    await eventually("both are watched", () => streams.size === 2);
  });
  after(async () => {
    await watches.stop();
    await server.close();
  });

  const path = (kind: string): string => `/apis/admissionregistration.k8s.io/v1/${kind}`;
  const reads = (): number => server.calls.filter((call) => !streams.has(call.path)).length;
  /** Tells that an object has another generation; `spec` undefined: it is gone. */
  const tell = (kind: string, name: string, spec: object | undefined): void => {
    const one = `${path(kind)}/${name}`;
    const type = spec === undefined ? "DELETED" : stored.has(one) ? "MODIFIED" : "ADDED";
    if (spec) stored.set(one, { metadata: { name }, spec });
    else stored.delete(one);
    version++;
    const metadata = { name, uid: `uid-${name}`, resourceVersion: `${version}`, generation: version };
    streams.get(path(kind))?.send({ type, object: { metadata } });
  };
  const about = (resource: string, expression = "x"): object => ({
    matchConstraints: { resourceRules: [{ apiGroups: [""], resources: [resource] }] },
    mutations: [expression],
  });
  /** Waits for so many more reads, and until what is read is about to come into force. Gives what it concerns. */
  const followed = async (more: number, work: () => void): Promise<readonly ResourceMatcher[]> => {
    const before = reads();
    work();
    await eventually(`${more} reads`, () => reads() === before + more);
    await eventually("it is read", () => clock.timers.includes(PACE.inForceMs));
    clock.advance(PACE.inForceMs);
    return changes.splice(0);
  };
  const concerned = (all: readonly ResourceMatcher[]): string[] =>
    ["configmaps", "secrets", "pods"].filter((plural) => all.some((concerns) => concerns({ group: "", plural })));

  it("report the resources that a policy matched before and after a change", async () => {
    const tellPolicy = (spec: object | undefined) => () => tell("mutatingadmissionpolicies", "p", spec);
    expect(concerned(await followed(1, tellPolicy(about("configmaps"))))).to.deep.equal(["configmaps"]);
    expect(concerned(await followed(1, tellPolicy(about("secrets"))))).to.deep.equal(["configmaps", "secrets"]);
    expect(concerned(await followed(1, tellPolicy(about("pods"))))).to.deep.equal(["secrets", "pods"]);
    expect(concerned(await followed(1, tellPolicy(undefined)))).to.deep.equal(["pods"]);
  });

  it("match for a binding what its policy matches, also after a change of the policy", async () => {
    const bind = (spec: object | undefined) => () => tell("mutatingadmissionpolicybindings", "b", spec);
    expect(concerned(await followed(2, bind({ policyName: "later" }))), "no policy yet").to.deep.equal([]);
    await followed(1, () => tell("mutatingadmissionpolicies", "later", about("pods")));
    expect(concerned(await followed(1, bind(undefined)))).to.deep.equal(["pods"]);
  });

  it("process two simultaneous changes one after the other", async () => {
    const all = await followed(2, () => {
      for (const text of ["1", "2"]) tell("mutatingadmissionpolicies", "twice", about("configmaps", text));
    });
    expect(concerned(all)).to.deep.equal(["configmaps"]);
  });

  it("read a policy that keeps changing a few times, and then every five minutes", async () => {
    const before = reads();
    for (let count = 0; count < 60; count++) {
      tell("mutatingadmissionpolicies", "restless", about("secrets", `${count}`));
      const read = reads();
      await new Promise(setImmediate);
      if (count < 6) await eventually("it is read", () => reads() > read || reads() === before + count + 1);
      clock.advance(10_000);
    }
    expect(reads() - before).to.be.within(6, 9);
    await eventually("the last change is waited for", () => clock.timers.length >= 3);
    const last = reads();
    clock.advance(300_000);
    await eventually("it is followed", () => reads() > last);
  });
});
