import { expect } from "chai";
import type { Approval } from "../../../src/api/approval.js";
import type { Change } from "../../../src/api/change.js";
import { ANNOTATION_IDENTITY, ANNOTATION_RECREATE, ANNOTATION_WAVE, API_VERSION } from "../../../src/api/group.js";
import { rfc3339 } from "../../../src/base/clock.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { GitRepo } from "../../support/git-server.js";
import type { TestRef } from "../../support/kube.js";
import { renderFlags } from "../../support/render-flags.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, deployment, type LiveApp, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveChange = Change & RawObject;
type Files = Readonly<Record<string, string>>;
const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io/v1";
const STATUS_POLICY = {
  apiVersion: ADMISSION,
  kind: "ValidatingAdmissionPolicyBinding",
  name: "overseer-gitops-status",
};
const VERBS = ["get", "list", "create", "update", "patch", "delete"];
const RULES = [
  ...APP_RULES,
  { apiGroups: [""], resources: ["pods"], verbs: VERBS },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: VERBS },
];
const MINUTE = 60_000;
const PLACES = ["gated", "late", "staging", "prod"] as const;
type Place = (typeof PLACES)[number];

/** Gates while time passes. What takes a minute begins before the first test, and is awaited by the last ones. */
describe("Gates over time", function () {
  this.timeout(180_000);
  let world: World;
  let alice: KubectlUser;
  let carol: KubectlUser;
  /** May write the status of our kinds, as far as no policy refuses that. */
  let dave: KubectlUser;
  /** When the approval of the Change `late-1` expires, in epoch milliseconds. */
  let lateExpiry: number;
  let late: GitRepo;
  /** When the suspension of the app `paused` had ended, in epoch milliseconds. */
  let shownSince: number;

  before(async () => {
    world = await World.create("clock", { withoutOperator: true });
    await startRestricted(world, {}, await renderFlags());
    for (const place of PLACES) {
      const namespace = inside(place);
      if (place !== "gated")
        await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      await grantAccount({ kube: world.kube, namespace }, "deployer", RULES);
      await bind(place, "alice", "overseer-gitops-approve");
      await bind(place, "carol", "overseer-gitops-break-glass");
    }
    await grantAccount({ kube: world.kube, namespace: inside("staging") }, "author", [
      { apiGroups: ["gitops.overseer.io"], resources: ["*"], verbs: VERBS },
    ]);
    await bind("staging", "dave", "author", "Role");
    [alice, carol, dave] = [
      await kubectlUser(world, "alice", []),
      await kubectlUser(world, "carol", []),
      await kubectlUser(world, "dave", []),
    ];
    await beginExpiry();
    await beginSuspension();
    await govern("gated", { gates: { approval: {} } });
  });
  after(async () => {
    for (const place of PLACES) {
      await world?.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: environmentOf(place) });
      if (place !== "gated") await world?.kube.delete({ apiVersion: "v1", kind: "Namespace", name: inside(place) });
    }
    await world?.remove();
    await removeInstallation(world);
  });

  const inside = (place: Place): string => (place === "gated" ? world.namespace : `${world.namespace}-${place}`);
  const environmentOf = (place: Place): string => `${place}-${world.namespace}`;
  const ref = (place: Place, kind: string, name: string, apiVersion: string = API_VERSION): TestRef => ({
    ...{ apiVersion, kind, name },
    namespace: inside(place),
  });
  const bind = (place: Place, user: string, role: string, kind = "ClusterRole"): Promise<unknown> =>
    world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding" },
      metadata: { name: `${user}-${role}`, namespace: inside(place) },
      roleRef: { apiGroup: RBAC, kind, name: role },
      subjects: [{ kind: "User", name: user, apiGroup: RBAC }],
    });
  const govern = (place: Place, spec: object): Promise<unknown> =>
    world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name: environmentOf(place) } },
      spec: { namespaces: [{ name: inside(place) }], ...spec },
    });
  const repository = (name: string, files: Files) => world.repository(name, files, { allowedNamespaces: ["*"] });
  const app = (place: Place, name: string, path: string, repo = name, more: object = {}): Promise<LiveApp> =>
    world.kube.apply<LiveApp>({
      ...{ apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name, namespace: inside(place) } },
      spec: {
        source: { repositoryRef: { name: repo, namespace: world.namespace }, path },
        ...{ destination: { kubernetes: {} }, serviceAccountName: "deployer", ...more },
      },
    });
  const untilApp = (place: Place, name: string, what: string, test: (live: LiveApp) => boolean): Promise<LiveApp> =>
    world.kube.until<LiveApp>(ref(place, "OverseerApp", name), what, test);
  const applied = (place: Place, name: string, commit: string): Promise<LiveApp> =>
    untilApp(
      place,
      name,
      `applied ${commit}`,
      (live) => live.status?.applied?.commit === commit && condition(live, "Ready")?.status === "True",
    );
  const waits = (place: Place, name: string, text: string): Promise<LiveApp> =>
    untilApp(place, name, text, ({ status }) => status?.promotion?.waitingFor?.includes(text) === true);
  const changeIn = (place: Place, name: string, phase: string, text = ""): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      ref(place, "Change", name),
      `${phase} ${text}`,
      ({ status }) =>
        status?.phase === phase &&
        status.planHash !== undefined &&
        `${status.waitingFor ?? ""} ${status.message ?? ""}`.includes(text),
    );
  const decide = async (place: Place, user: KubectlUser, change: LiveChange, more: object = {}): Promise<void> => {
    const { metadata, spec, status } = change;
    await untilPrints(user, " created", ["create", "-n", inside(place), "-f", "-"], {
      ...{ apiVersion: API_VERSION, kind: "Approval", metadata: { name: `${metadata.name}-${user.name}` } },
      spec: {
        ...{ app: spec.app, change: { name: metadata.name, uid: metadata.uid }, planHash: status?.planHash },
        ...{ decision: "Approve", approver: user.name, ...more },
      },
    });
  };
  const approve = async (place: Place, name: string, text = ""): Promise<void> => {
    await decide(place, alice, await changeIn(place, name, "Waiting", text));
    await changeIn(place, name, "Succeeded");
  };
  const mapOf = (place: Place, name: string): Promise<RawObject | undefined> =>
    world.kube.get(ref(place, "ConfigMap", name, "v1"));
  const untilValue = (place: Place, name: string, a: string): Promise<RawObject> =>
    world.kube.until(ref(place, "ConfigMap", name, "v1"), `a=${a}`, ({ data }) => (data as { a?: string }).a === a);
  const planOf = ({ status }: LiveChange): unknown =>
    status?.plan?.map(({ verb, object }) => `${verb} ${object.split("/").at(-1)}`);

  /** A Change with one of two approvals, which expires after a minute of open windows: these are closed for some seconds. */
  const beginExpiry = async (): Promise<void> => {
    const approval = { required: 2, expires: "1m" };
    await govern("late", { gates: { approval } });
    late = await repository("late", { "c.yaml": configMap("late", { a: "1" }) });
    await app("late", "late", ".");
    await decide("late", alice, await changeIn("late", "late-1", "Waiting"));
    const given = await world.kube.get(ref("late", "Approval", "late-1-alice"));
    const now = new Date();
    const start = now.getTime() - (now.getTime() % MINUTE);
    const seconds = Math.ceil((now.getTime() - start) / 1000) + 10;
    const schedule = `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`;
    await govern("late", { gates: { approval }, windows: [{ kind: "Deny", schedule, duration: `${seconds}s` }] });
    const time = Date.parse(String(given?.metadata.creationTimestamp));
    lateExpiry = time + MINUTE + (start + seconds * 1000 - Math.max(time, start));
  };
  /** An app with drift and a newer commit, whose suspension has just ended. */
  const beginSuspension = async (): Promise<void> => {
    const repo = await repository("paused", { "c.yaml": configMap("paused", { a: "1" }) });
    await app("staging", "paused", ".");
    await applied("staging", "paused", await repo.head());
    const suspendUntil = rfc3339(Date.now() + 4_000);
    const suspendReason = "looking for a leak";
    await app("staging", "paused", ".", "paused", { suspend: true, suspendUntil, suspendReason });
    const suspended = await untilApp(
      "staging",
      "paused",
      "is suspended",
      (live) => condition(live, "Ready")?.reason === "Suspended",
    );
    expect(condition(suspended, "Ready")?.message).to.contain(
      `nothing is applied, reverted or deleted until ${suspendUntil}`,
    );
    await world.kube.patch(ref("staging", "ConfigMap", "paused", "v1"), { data: { a: "by hand" } });
    await repo.commit({ "c.yaml": configMap("paused", { a: "2" }) }, "2");
    await world.poll("paused");
    const shown = await untilApp(
      "staging",
      "paused",
      "shows drift",
      (live) => condition(live, "Drifted")?.reason === "SuspensionEnded",
    );
    expect(condition(shown, "Drifted")?.message).to.contain("ConfigMap");
    expect(condition(shown, "Waiting")?.reason).to.equal("SuspensionEnded");
    expect((await mapOf("staging", "paused"))?.data).to.deep.equal({ a: "by hand" });
    shownSince = Date.parse(suspendUntil);
  };

  it("end a Change that would re-create or adopt what its approved plan updates or creates: another Change asks", async () => {
    const extra = (annotations: Files): string => `  annotations: ${JSON.stringify(annotations)}\n`;
    const later = extra({ [ANNOTATION_WAVE]: "1", [ANNOTATION_RECREATE]: "allowed" });
    const half = (a: string): Files => ({
      "a.yaml": configMap("half-a", { a }, later),
      "b.yaml": configMap("half-b", { a }),
    });
    const repo = await repository("half", half("1"));
    await app("gated", "half", ".");
    await approve("gated", "half-1");
    await repo.commit({ ...half("2"), "c.yaml": configMap("half-c", { a: "2" }, later) }, "2");
    await world.poll("half");
    const waiting = await changeIn("gated", "half-2", "Waiting");
    expect(planOf(waiting)).to.have.members(["Update half-a", "Update half-b", "Create half-c"]);
    await world.operator.stop();
    await decide("gated", alice, waiting);
    await world.operator.start({ failpoint: "app:after-first-write" });
    await world.operator.ended();
    await untilValue("gated", "half-b", "2");
    await world.kube.patch(ref("gated", "ConfigMap", "half-a", "v1"), { immutable: true });
    const foreign = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "half-c", namespace: world.namespace } };
    await world.kube.create({ ...foreign, data: { a: "theirs" } });
    await world.operator.start({ failpoint: undefined });
    await changeIn("gated", "half-2", "Superseded", "its approved plan does not name what it would do now");
    const again = await changeIn("gated", "half-3", "Waiting");
    expect(planOf(again)).to.have.members(["Recreate half-a", "Adopt half-c"]);
    expect([(await mapOf("gated", "half-a"))?.data, (await mapOf("gated", "half-c"))?.data]).to.deep.equal([
      { a: "1" },
      { a: "theirs" },
    ]);
    await approve("gated", "half-3");
    await untilValue("gated", "half-a", "2");
    await untilValue("gated", "half-c", "2");
  });

  it("keep an object with its app, which reverts its drift, if the Change that gives it away is rejected", async () => {
    const own = { "a/own.yaml": configMap("of-a", {}), "b/own.yaml": configMap("of-b", {}) };
    const repo = await repository("moves", { ...own, "a/x.yaml": configMap("moved", { a: "1" }) });
    for (const name of ["a", "b"]) await app("gated", name, name, "moves");
    for (const name of ["a", "b"]) await approve("gated", `${name}-1`);
    const identity = (await mapOf("gated", "moved"))?.metadata.annotations?.[ANNOTATION_IDENTITY];
    await repo.commit({ "a/x.yaml": null, "b/x.yaml": configMap("moved", { a: "1" }) }, "move");
    await world.poll("moves");
    const giving = await world.kube.until<LiveChange>(ref("gated", "Change", "a-2"), "gives it away", ({ status }) =>
      JSON.stringify(status?.plan).includes('"HandOver"'),
    );
    await decide("gated", alice, giving, { decision: "Reject" });
    await decide("gated", alice, await changeIn("gated", "b-2", "Waiting"));
    await changeIn("gated", "a-2", "Rejected");
    await world.kube.patch(ref("gated", "ConfigMap", "moved", "v1"), { data: { a: "by hand" } });
    const reverted = await untilValue("gated", "moved", "1");
    expect(identity).to.be.a("string");
    expect(reverted.metadata.annotations?.[ANNOTATION_IDENTITY]).to.equal(identity);
  });

  it("name the object and field that a chart renders differently each time, and do not count an approval of it", async () => {
    await repository("random", {
      "Chart.yaml": "apiVersion: v2\nname: random\nversion: 1.0.0\n",
      "templates/s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: random }\nstringData: { user: shop, password: "{{ randAlphaNum 16 }}" }\n`,
    });
    await app("gated", "random", ".");
    const waiting = await changeIn(
      "gated",
      "random-1",
      "Waiting",
      "/random (.data.password) differs each time the source is rendered",
    );
    await decide("gated", alice, waiting);
    await world.kube.until<Approval & RawObject>(
      ref("gated", "Approval", "random-1-alice"),
      "is judged",
      (one) => condition(one, "Ready") !== undefined,
    );
    await world.poke("random");
    const still = await changeIn("gated", "random-1", "Waiting", "differs each time");
    expect(await world.kube.get(ref("gated", "Secret", "random", "v1"))).to.equal(undefined);
    await decide("gated", carol, still, { decision: "BreakGlass", comment: "replaced next week, see incident 9" });
    await changeIn("gated", "random-1", "Succeeded");
  });

  it("ask with ownChanges: Ask for what is beside a tested image, and for a chart version written by hand", async () => {
    await govern("staging", {});
    const promotion = { compare: "Images", ownChanges: "Ask" };
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion });
    const workload = (version: number, replicas: number, chart = version): string =>
      deployment("shop", replicas, `registry.example/web:${version}`).replace(
        "  name: shop\n",
        `  name: shop\n  labels: { helm.sh/chart: shop-${chart} }\n`,
      );
    const repo = await repository("shop", {
      "staging/d.yaml": workload(1, 0),
      "prod/d.yaml": workload(1, 0),
      "other/d.yaml": deployment("shop", 1, "registry.example/other:1"),
    });
    for (const place of ["staging", "prod"] as const) await app(place, "shop", place);
    const push = async (version: number, replicas: number, chart = version): Promise<void> => {
      const commit = await repo.commit(
        { "staging/d.yaml": workload(version, 0), "prod/d.yaml": workload(version, replicas, chart) },
        "next",
      );
      await world.poll("shop");
      await applied("staging", "shop", commit);
    };
    await approve("prod", "shop-1", "ownChanges is Ask: nothing is applied yet");
    await push(2, 0);
    await changeIn("prod", "shop-2", "Succeeded");
    await push(3, 1);
    const asked = `it changes more than tested images: Deployment ${inside("prod")}/shop`;
    await approve("prod", "shop-3", asked);
    await push(4, 1, 9);
    await waits("prod", "shop", "shop-9");
  });

  it("judge the images of an edit of spec.source, also of one that is taken back while its Change waits", async () => {
    const untested = `promotion: OverseerApp ${inside("staging")}/shop: registry.example/other:1: it has not been applied there`;
    await app("prod", "shop", "other");
    const waiting = await waitUntil({ what: "the Change of the edit waits", timeoutMs: MINUTE }, async () => {
      const changes = await world.kube.list<LiveChange>(API_VERSION, "Change", inside("prod"));
      return changes.find(({ status }) => status?.phase === "Waiting" && status.waitingFor?.includes(untested));
    });
    await decide("prod", alice, waiting);
    await world.kube.until<Approval & RawObject>(
      ref("prod", "Approval", `${waiting.metadata.name}-alice`),
      "is judged",
      (one) => condition(one, "Ready") !== undefined,
    );
    const { metadata } = await app("prod", "shop", "prod");
    const back = await untilApp(
      "prod",
      "shop",
      "has seen it",
      (live) => live.status?.observedGeneration === metadata.generation,
    );
    expect(back.status?.applied?.source.path).to.equal("prod");
    const live = JSON.stringify(await world.kube.get(ref("prod", "Deployment", "shop", "apps/v1")));
    expect(live).to.contain("registry.example/web:").and.not.contain("registry.example/other:");
  });

  it("do not count the time in which the operator is down for a soak, and promote nothing of a rewritten history", async () => {
    const soak = 6;
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { soak: `${soak}s` } });
    const repo = await repository("soaked", { "c.yaml": configMap("soaked", { a: "1" }) });
    for (const place of ["staging", "prod"] as const) await app(place, "soaked", ".");
    const { status } = await waits("prod", "soaked", `its soak of ${soak}s ends at`);
    await world.operator.stop();
    const end = Date.parse(/ends at (\S+Z)/.exec(status?.promotion?.waitingFor ?? "")?.[1] ?? "");
    const { status: before } = (await world.kube.get<LiveApp>(ref("staging", "OverseerApp", "soaked"))) ?? {};
    const observed = before?.ledger?.[0]?.observed ?? 0;
    expect(observed).to.be.below(soak / 2);
    await waitUntil({ what: "the end of the soak", timeoutMs: 60_000 }, async () =>
      Date.now() > end ? true : undefined,
    );
    const started = Date.now();
    await world.operator.start();
    await applied("prod", "soaked", await repo.head());
    const created = Date.parse(String((await mapOf("prod", "soaked"))?.metadata.creationTimestamp));
    expect(created - started).to.be.at.least((soak - observed - 1) * 1000);
    const rewritten = await repo.forcePush({ "c.yaml": configMap("soaked", { a: "2" }) }, "rewritten");
    await world.poll("soaked");
    await applied("staging", "soaked", rewritten);
    await waits("prod", "soaked", "the history was rewritten, and nothing is promoted until a user promotes a commit");
    expect((await mapOf("prod", "soaked"))?.data).to.deep.equal({ a: "1" });
  });

  it("do not believe an earlier ledger with its signature that is written again to hide a failure", async () => {
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { soak: "1s" } });
    const pod =
      "apiVersion: v1\nkind: Pod\nmetadata: { name: ledger }\nspec: { containers: [{ name: a, image: registry.example/web:1 }] }\n";
    const repo = await repository("ledger", { "c.yaml": configMap("ledger", { a: "1" }), "p.yaml": pod });
    await app("staging", "ledger", ".");
    const healthy = await untilApp(
      "staging",
      "ledger",
      "has soaked",
      ({ status }) => (status?.ledger?.[0]?.observed ?? 0) >= 1,
    );
    await world.kube.patch(
      ref("staging", "Pod", "ledger", "v1"),
      { status: { phase: "Failed" } },
      { subresource: "status" },
    );
    const hasFailed = ({ status }: LiveApp): boolean => status?.ledger?.at(-1)?.failed !== undefined;
    await untilApp("staging", "ledger", "has failed", hasFailed);
    await world.kube.patch(STATUS_POLICY, { spec: { validationActions: ["Audit"] } });
    const { ledger, ledgerSignature } = healthy.status ?? {};
    const replay = [
      "patch",
      "overseerapp",
      "ledger",
      "-n",
      inside("staging"),
      "--subresource=status",
      "--type=merge",
      "-p",
    ];
    await untilPrints(dave, " patched", [...replay, JSON.stringify({ status: { ledger, ledgerSignature } })]);
    await app("prod", "ledger", ".");
    await waits("prod", "ledger", "it failed there at");
    await world.kube.patch(STATUS_POLICY, { spec: { validationActions: ["Deny"] } });
    await untilApp("staging", "ledger", "has its own ledger again", hasFailed);
    expect(await mapOf("prod", "ledger")).to.equal(undefined);
    expect(await repo.head()).to.equal(ledger?.[0]?.commit);
  });

  it("end a suspension by themselves, and show drift for a minute before it is reverted", async () => {
    const reverted = await world.kube.until(
      ref("staging", "ConfigMap", "paused", "v1"),
      "a=2",
      ({ data }) => (data as { a?: string }).a === "2",
      2 * MINUTE,
    );
    const times = (reverted.metadata.managedFields as readonly { readonly time: string }[]).map(({ time }) =>
      Date.parse(time),
    );
    expect(Math.max(...times) - shownSince).to.be.at.least(MINUTE - 1000);
    await applied(
      "staging",
      "paused",
      (await untilApp("staging", "paused", "is there", () => true)).status?.applied?.commit ?? "",
    );
  });

  it("let an approval expire, but only while windows are open, and ask again only for newer inputs", async () => {
    const expired = await world.kube.until<Approval & RawObject>(
      ref("late", "Approval", "late-1-alice"),
      "has expired",
      (one) => condition(one, "Ready")?.message.includes("it expired at ") === true,
      3 * MINUTE,
    );
    expect(condition(expired, "Ready")?.message).to.contain(
      `it expired at ${rfc3339(lateExpiry)} (gates.approval.expires: 1m)`,
    );
    expect(Date.now()).to.be.at.least(lateExpiry);
    await world.poll("late");
    const changes = await world.kube.list<LiveChange>(API_VERSION, "Change", inside("late"));
    expect(changes.map(({ metadata, status }) => `${metadata.name} ${status?.phase}`)).to.deep.equal([
      "late-1 Waiting",
    ]);
    await late.commit({ "c.yaml": configMap("late", { a: "2" }) }, "2");
    await world.poll("late");
    await changeIn("late", "late-1", "Superseded");
    await changeIn("late", "late-2", "Waiting", "0 of 2 approvals");
  });
});
