import { expect } from "chai";
import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import { RevisionIndex } from "../../../../src/controllers/git-repository/revision-index.js";
import { AppMemory } from "../../../../src/controllers/overseer-app/app-memory.js";
import type { KnownChange } from "../../../../src/controllers/overseer-app/changes/known-change.js";
import { WaitingApps } from "../../../../src/controllers/overseer-app/gates/waiting-apps.js";
import { PRIORITY } from "../../../../src/reconcile/work-queue.js";
import { AppQueue } from "../../../../src/wiring/events/app-queue.js";
import { EventSources } from "../../../../src/wiring/events/event-sources.js";
import { eventTable } from "../../../../src/wiring/events/event-table.js";
import { GATES } from "../../../../src/wiring/gates.js";
import { ResourceIndex } from "../../../../src/wiring/resource-index.js";
import { app, cacheOf, change, repository } from "../../controllers/support/resources.js";
import { FakeClock } from "../../support/fake-clock.js";

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(PRIORITY).map(([name, value]) => [value, name]),
);

/** The event table over these apps, and what it enqueues: `app shop/web change`. */
function tableOf(apps: readonly OverseerApp[]) {
  const sources = new EventSources();
  const waiting = new WaitingApps();
  const queued: string[] = [];
  const repositories = cacheOf([repository("shop/repo")]) as never;
  const caches = {
    repositories,
    apps: cacheOf(apps) as never,
    changes: cacheOf([]) as never,
    approvals: cacheOf([]) as never,
    environments: cacheOf([]) as never,
    appSets: cacheOf([]) as never,
  };
  const memory = new AppMemory();
  const clock = new FakeClock();
  const rows = eventTable({
    sources,
    waiting,
    gates: GATES,
    resources: new ResourceIndex(caches, new RevisionIndex()),
    apps: new AppQueue(clock, new Map([["shop/web", memory]]), (key, priority) =>
      queued.push(`app ${key} ${NAMES[priority]}`),
    ),
    interrupt: (key) => queued.push(`interrupt ${key}`),
    endReports: (key) => queued.push(`end ${key}`),
    reportAgain: (key) => queued.push(`report ${key}`),
    addAppSet: (key, priority) => queued.push(`set ${key} ${NAMES[priority]}`),
    addEnvironment: (name) => queued.push(`environment ${name}`),
    addRepository: (key, priority) => queued.push(`repository ${key} ${NAMES[priority]}`),
  });
  for (const row of rows) row.start();
  return { sources, waiting, queued, memory };
}

const edited = (one: OverseerApp): OverseerApp => ({ ...one, metadata: { ...one.metadata, generation: 2 } });

describe("the event table", () => {
  it("enqueues an app that was created, edited or deleted, and polls the repository of a new ref", () => {
    const web = app("shop/web", {
      spec: { source: { repositoryRef: { name: "repo" }, ref: { branch: "next" } } },
    });
    const { sources, queued } = tableOf([web]);
    sources.apps.emit({ key: "shop/web", current: edited(web), previous: web, observed: web });
    expect(queued.splice(0)).to.deep.equal(["app shop/web user", "repository shop/repo change"]);
    sources.apps.emit({ key: "shop/web", current: web, previous: web, observed: web });
    expect(queued).to.deep.equal([]);
    sources.apps.emit({ key: "shop/web", current: undefined, previous: web, observed: web });
    expect(queued).to.include("end shop/web");
  });

  it("enqueues an app whose ledger is not the one that was written last", () => {
    const entry = { commit: "c1", key: "k1" };
    const web = app("shop/web", { status: { ledger: [entry], ledgerSignature: "earlier" } });
    const { sources, queued, memory } = tableOf([web]);
    const event = { key: "shop/web", current: web, previous: web, observed: web };
    const written = { appUid: web.metadata.uid, ledger: [entry], signature: "earlier" };
    const queuedWith = (writtenLedger: AppMemory["writtenLedger"]): string[] => {
      memory.writtenLedger = writtenLedger;
      sources.apps.emit(event);
      return queued.splice(0);
    };
    expect(queuedWith(undefined), "not known").to.deep.equal([]);
    expect(queuedWith(written), "the same").to.deep.equal([]);
    expect(queuedWith({ ...written, appUid: "other" }), "of an app of before").to.deep.equal([]);
    expect(queuedWith({ ...written, signature: "newest" })).to.deep.equal(["app shop/web change"]);
    expect(queuedWith({ ...written, ledger: [] }), "with the signature kept").to.deep.equal(["app shop/web change"]);
  });

  it("enqueues a repository and its apps when it is edited, and its apps at a new revision", () => {
    const { sources, queued } = tableOf([app("shop/web")]);
    sources.repositories.emit({
      key: "shop/repo",
      current: repository("shop/repo"),
      previous: undefined,
      observed: undefined,
    });
    sources.revisions.emit("shop/repo");
    sources.revisions.emit("shop/other");
    expect(queued).to.deep.equal([
      ...["repository shop/repo user", "app shop/web change", "report shop/repo", "app shop/web change"],
    ]);
  });

  it("enqueues the users of a Secret and ends their backoff", () => {
    const spec = { destination: { kubernetes: { kubeConfigSecretRef: { name: "remote" } } } };
    const { sources, queued, memory } = tableOf([app("shop/web", { spec }), app("shop/other")]);
    const failed = {
      inputsKey: "k",
      generation: 1,
      failures: 1,
      dueAt: 0,
      nextAt: 0,
      message: "no",
    };
    memory.retry = { ...failed, reason: "ApplyFailed", terminal: false };
    sources.destinationSecrets.emit({ namespace: "shop", name: "remote" });
    expect(queued).to.deep.equal(["app shop/web drift"]);
    expect(memory.retry).to.include({ broughtForward: true });
  });

  it("enqueues drift first and notes its time, and health like a commit", () => {
    const { sources, queued, memory } = tableOf([app("shop/web")]);
    sources.clusterEvents.objectChanged("shop/web", "health");
    expect(memory.driftDetectedAt).to.equal(undefined);
    sources.clusterEvents.objectChanged("shop/web", "drift" as never);
    expect(memory.driftDetectedAt).not.to.equal(undefined);
    sources.clusterEvents.verify("shop/web");
    expect(queued).to.deep.equal(["app shop/web change", "app shop/web drift", "app shop/web background"]);
  });

  it("enqueues an app at changed admission rules only if something of it was refused", () => {
    const { sources, queued, memory } = tableOf([app("shop/web")]);
    sources.clusterEvents.rulesChanged(["shop/web"]);
    expect(queued).to.deep.equal([]);
    memory.awaited = { state: "s", since: 0, judged: undefined };
    sources.clusterEvents.rulesChanged(["shop/web"]);
    expect(queued).to.deep.equal(["app shop/web background"]);
  });

  it("enqueues the apps that wait at a gate which an event concerns, and no others", () => {
    const web = app("shop/web", { spec: { dependsOn: [{ name: "db" }] } });
    const db = app("shop/db");
    const { sources, waiting, queued } = tableOf([web, db]);
    const event = { key: "shop/db", current: edited(db), previous: edited(db), observed: db };
    sources.apps.emit(event);
    expect(queued).to.deep.equal([]);
    waiting.wait("shop/web", ["dependencies"]);
    sources.apps.emit(event);
    sources.applied.emit("shop/db");
    expect(queued.splice(0)).to.deep.equal(["app shop/web change", "app shop/web change"]);
    waiting.wait("shop/web", ["syncWindows"]);
    sources.apps.emit(event);
    expect(queued).to.deep.equal([]);
  });

  it("enqueues the app of a deleted Change that was open or rejected", () => {
    const { sources, queued } = tableOf([app("shop/web")]);
    const deleted = (previous: KnownChange): void =>
      sources.changes.emit({ key: "shop/web-1", current: undefined, previous, observed: previous });
    deleted(change("shop/web-1", "web", { phase: "Succeeded" }));
    expect(queued).to.deep.equal([]);
    deleted(change("shop/web-1", "web", { phase: "Rejected" }));
    deleted(change("shop/web-1", "web", { phase: "Waiting" }));
    expect(queued).to.deep.equal(["app shop/web user", "app shop/web user"]);
  });
});
