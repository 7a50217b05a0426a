import type { Approval } from "../../../../src/api/approval.js";
import type { Change } from "../../../../src/api/change.js";
import type { Environment } from "../../../../src/api/environment.js";
import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import type { FailpointHook } from "../../../../src/base/failpoint.js";
import { HostRules } from "../../../../src/base/host-rules.js";
import { RevisionIndex } from "../../../../src/controllers/git-repository/revision-index.js";
import type { AppMemory } from "../../../../src/controllers/overseer-app/app-memory.js";
import type { AppServices } from "../../../../src/controllers/overseer-app/app-services.js";
import {
  appOfChange,
  type KnownChange,
  reduceChange,
} from "../../../../src/controllers/overseer-app/changes/known-change.js";
import { RolloutPlaces } from "../../../../src/controllers/overseer-app/gates/rollout-places.js";
import { WaitingApps } from "../../../../src/controllers/overseer-app/gates/waiting-apps.js";
import { Claims } from "../../../../src/controllers/overseer-app/ownership/claims.js";
import { OverseerAppReconciler } from "../../../../src/controllers/overseer-app/reconciler.js";
import { WholePlans } from "../../../../src/controllers/overseer-app/sync/whole-plans.js";
import type { GitEngine } from "../../../../src/git/engine.js";
import { FirstParentLines } from "../../../../src/git/index.js";
import { StatusWriter } from "../../../../src/reconcile/status-writer.js";
import { PlainRenderer } from "../../../../src/render/plain.js";
import { SourceRenderer } from "../../../../src/render/render.js";
import { SecretStores } from "../../../../src/secrets/stores/secret-stores.js";
import { cacheLister } from "../../../../src/wiring/cache-lister.js";
import { GATES } from "../../../../src/wiring/gates.js";
import { MemoryDestination } from "../../../support/memory-destination.js";
import { environment } from "../../gates/support/environments.js";
import { inlineCache } from "../../render/support/harness.js";
import { MemorySnapshot } from "../../render/support/memory-snapshot.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";
import { appOfApproval, approvalOf } from "./approvals.js";
import { IDLE_SERVICES } from "./idle-services.js";
import { MemoryApi } from "./memory-api.js";
import { app, cacheOf, change, keyOf, repository, resourceOf } from "./resources.js";

const REMOTE = { url: "https://git.example.com/shop.git", credential: undefined, id: "remote" };
/** More reconciles without rest are a loop. */
const MAX_RECONCILES = 50;

/** Thrown at a failpoint, and by every later request of the process that is gone. */
export class KilledError extends Error {}

/**
 * The heart of the operator, the reconciler of apps, with real gates, renderer and status, between Git, an API server and a
 * destination in memory. These outlive the process, which can be killed and started again.
 */
export class Heart {
  readonly clock = new FakeClock();
  readonly api = new MemoryApi(this.clock);
  readonly destination = new MemoryDestination();
  readonly logger = new FakeLogger();
  /** Events as `Warning ApplyFailed: message`. */
  readonly events: string[] = [];
  /** Whole plans of the process. */
  wholePlans = new WholePlans();
  /** Called before each access to Git; may throw. */
  gitFault: () => void = () => {};
  /** Whether other apps wait for a worker. */
  busy = false;
  renderer = new SourceRenderer([new PlainRenderer(inlineCache().cache)]);
  readonly #snapshots = new Map<string, MemorySnapshot>();
  #commit = "";
  /** First parent of each commit. */
  readonly #parents = new Map<string, string>();
  #reconciler: OverseerAppReconciler | undefined;
  #index = new RevisionIndex();
  #queue = new Set<string>();
  #memories = new Map<string, AppMemory>();

  /** Commits files; the repository is polled at once. Returns the commit. */
  commit(files: Readonly<Record<string, string>>): string {
    const snapshot = new MemorySnapshot(files);
    const { id } = snapshot.commit;
    if (this.#commit !== "" && id !== this.#commit) this.#parents.set(id, this.#commit);
    this.#commit = id;
    this.#snapshots.set(this.#commit, snapshot);
    this.#poll();
    return this.#commit;
  }

  /** Creates or edits the app `shop/<name>`, or `<namespace>/<name>`, of all files or of the folder of `path`. */
  apply(name: string, spec: Record<string, unknown> = {}): void {
    const { metadata, ...made } = app(keyOf(name), { spec });
    const before = this.app(name);
    const merged = { ...metadata, ...before?.metadata };
    this.api.put("overseerapps", { ...made, ...(before ?? {}), spec: made.spec, metadata: merged });
  }

  /** Suspends an app; a reconcile that is running is interrupted, as by the event. */
  suspend(name: string): void {
    this.apply(name, { suspend: true });
    this.#memories.get(keyOf(name))?.interrupt?.();
  }

  app(name: string): OverseerApp | undefined {
    return this.api.cache<OverseerApp>(resourceOf("OverseerApp", "overseerapps")).get(keyOf(name));
  }

  /** Returns the conditions of an app: `Ready=True/Applied`. */
  conditions(name: string): readonly string[] {
    return (this.app(name)?.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`);
  }

  /** Returns the Changes of an app: `web-1 Succeeded`. */
  changes(name: string): readonly string[] {
    const all = this.api.cache<Change>(resourceOf("Change", "changes"), undefined, appOfChange).of(keyOf(name));
    return [...all].map(({ metadata, status }) => `${metadata.name} ${status?.phase}`).sort();
  }

  /** Returns the causes of the Changes of an app that have begun, oldest first. */
  causesOf(name: string): readonly string[] {
    const all = this.api.cache<Change>(resourceOf("Change", "changes"), undefined, appOfChange).of(keyOf(name));
    const begun = [...all].filter(({ status }) => status?.appliedTime !== undefined || status?.phase === "Applying");
    const time = ({ status }: Change): string => status?.appliedTime ?? "9";
    return begun.sort((a, b) => (time(a) < time(b) ? -1 : 1)).map(({ spec }) => spec.cause);
  }

  /** Returns the objects at the destination: `ConfigMap shop/a {"v":"1"} of shop/web`. */
  objects(): readonly string[] {
    const all = [...this.destination.objects.values()];
    return all
      .map(
        ({ id, object, owner }) => `${id.kind} ${id.namespace}/${id.name} ${JSON.stringify(object.data)} of ${owner}`,
      )
      .sort();
  }

  /** Requests a sync of an app, as a user does. */
  request(name: string, appName: string): void {
    this.#request(name, { app: { name: appName }, cause: "Sync", requester: "jane" });
  }

  /** Returns the message of a Change. */
  message(name: string): string | undefined {
    return this.api.cache<Change>(resourceOf("Change", "changes"), undefined, appOfChange).get(`shop/${name}`)?.status
      ?.message;
  }

  /** Requests a sync of ConfigMaps of an app. */
  requestObjects(name: string, appName: string, ...names: readonly string[]): void {
    const objects = names.map((one) => ({ kind: "ConfigMap", name: one }));
    this.#request(name, { app: { name: appName }, cause: "Sync", requester: "jane", objects });
  }

  /** Requests the promotion of a commit. */
  promote(name: string, appName: string, commit: string): void {
    this.#request(name, { app: { name: appName }, cause: "Promotion", requester: "jane", promote: { commit } });
  }

  /** Requests a rollback to an earlier Change of the same namespace. */
  rollBack(name: string, appName: string, earlier: string): void {
    const [namespace = ""] = keyOf(name).split("/");
    const { uid = "" } =
      this.api.cache<Change>(resourceOf("Change", "changes")).get(`${namespace}/${earlier}`)?.metadata ?? {};
    const rollbackTo = { change: earlier, uid };
    this.#request(name, { app: { name: appName }, cause: "Rollback", requester: "jane", rollbackTo });
  }

  #request(name: string, spec: Change["spec"]): void {
    const { metadata, ...made } = change(keyOf(name), spec.app.name);
    const creationTimestamp = new Date(this.clock.now()).toISOString();
    this.api.put("changes", { ...made, metadata: { ...metadata, creationTimestamp }, spec });
  }

  annotate(name: string, annotations: Readonly<Record<string, string>>): void {
    const found = this.app(name);
    if (found) this.api.put("overseerapps", { ...found, metadata: { ...found.metadata, annotations } });
  }

  /** Loses all commits, as when a repository is deleted. */
  forgetCommits(): void {
    this.#snapshots.clear();
  }

  /** Creates or edits an Environment. */
  environment(name: string, spec: Readonly<Record<string, unknown>>): void {
    this.api.put("environments", environment(name, spec));
  }

  /** Approves the plan of a Change, as a user does. */
  approve(name: string, approver: string, decision?: Approval["spec"]["decision"], planHash?: string): void {
    const approval = approvalOf(this.change(name), approver, this.api.time(), decision);
    const spec = planHash === undefined ? approval.spec : { ...approval.spec, planHash };
    this.api.put("approvals", { ...approval, spec });
  }

  change(name: string): Change | undefined {
    return this.api.cache<Change>(resourceOf("Change", "changes")).get(keyOf(name));
  }

  deleteApp(name: string): void {
    this.api.remove("overseerapps", keyOf(name), new Date(this.clock.now()).toISOString());
  }

  /** Starts a process, with the memory of none before it. `failpoint` is called at each boundary, and may throw. */
  start(failpoint: FailpointHook = () => {}): void {
    let killed = false;
    const check = (): void => {
      if (killed) throw new KilledError("the process is gone");
    };
    this.destination.check = check;
    this.wholePlans = new WholePlans();
    const client = this.api.client(check);
    const apps = this.api.cache<OverseerApp>(resourceOf("OverseerApp", "overseerapps"));
    const changes = this.api.cache<KnownChange>(resourceOf("Change", "changes"), reduceChange, appOfChange);
    const shared = repository("shop/repo", { spec: { allowedNamespaces: ["*"] } });
    const repositories = cacheOf([shared]) as unknown as AppServices["repositories"];
    const environments = this.api.cache<Environment>(resourceOf("Environment", "environments"));
    const memories = new Map<string, AppMemory>();
    this.#memories = memories;
    this.#index = new RevisionIndex();
    this.#poll();
    this.#reconciler = new OverseerAppReconciler({
      ...{ client, apps, changes, repositories, memories, clock: this.clock, index: this.#index },
      engine: {
        open: async (_: unknown, commit: string) => {
          this.gitFault();
          return this.#snapshots.get(commit);
        },
        fetch: async () => this.gitFault(),
      } as unknown as GitEngine,
      lines: new FirstParentLines({ history: async () => ({ read: async (id) => this.#commitObject(id) }) }),
      renderer: this.renderer,
      destinations: { of: async () => this.destination, current: () => this.destination, forget: () => {} },
      ...IDLE_SERVICES,
      secretStores: new SecretStores({ hosts: new HostRules([]) }, this.clock),
      status: new StatusWriter(client),
      events: { record: (_, { type, reason, message }) => void this.events.push(`${type} ${reason}: ${message}`) },
      ...{ claims: new Claims(), gates: GATES, waiting: new WaitingApps(), rollout: new RolloutPlaces() },
      lister: cacheLister({ apps, repositories, environments }, memories),
      failpoint: (point) => {
        try {
          failpoint(point);
        } catch (error) {
          killed = true;
          throw error;
        }
      },
      ...{ digestKey: "0".repeat(32), wholePlans: this.wholePlans, busy: () => this.busy },
      enqueue: (key) => void this.#queue.add(key),
      approvals: this.api.cache<Approval>(resourceOf("Approval", "approvals"), undefined, appOfApproval),
    });
  }

  /** Reconciles an app once; returns the time until the next reconcile, if one is due by itself. */
  async reconcile(name: string): Promise<number | undefined> {
    if (this.#reconciler === undefined) throw new Error("start() first");
    const result = await this.#reconciler.reconcile(keyOf(name), this.logger, new AbortController().signal);
    return result.requeueAfterMs;
  }

  /**
   * Reconciles apps until nothing is written any more and nobody is enqueued. With `untilMs`, the clock moves on to the times
   * at which apps want to be reconciled again, for that long in all.
   */
  async settle(names: readonly string[], untilMs = 0): Promise<void> {
    const end = this.clock.monotonic() + untilMs;
    for (let count = 0; count < MAX_RECONCILES; count++) {
      const before = [this.api.writes, this.destination.log.length].join();
      this.#queue.clear();
      const due: number[] = [];
      for (const name of names) due.push((await this.reconcile(name)) ?? Number.POSITIVE_INFINITY);
      if ([this.api.writes, this.destination.log.length].join() !== before || this.#queue.size > 0) continue;
      const next = Math.min(...due);
      if (this.clock.monotonic() + next > end) return;
      this.clock.advance(next);
      if (next > 0) count = 0;
    }
    throw new Error(`the apps do not settle: ${names.map((name) => this.conditions(name)).join(" ")}`);
  }

  #commitObject(id: string): { readonly type: "commit"; readonly content: Buffer } | undefined {
    if (!this.#snapshots.has(id)) return undefined;
    const parent = this.#parents.get(id);
    const lines = [`tree ${id}`, ...(parent === undefined ? [] : [`parent ${parent}`]), "", "m"];
    return { type: "commit", content: Buffer.from(lines.join("\n")) };
  }

  #poll(): void {
    if (this.#commit === "") return;
    const revision = `main@sha1:${this.#commit}`;
    this.#index.set("shop/repo", undefined, {
      resolved: { remote: REMOTE, commit: this.#commit, revision },
      error: undefined,
    });
  }
}
