import { expect } from "chai";
import { loadAll } from "js-yaml";
import { ANNOTATION_APPLIED } from "../../../src/api/group.js";
import { fieldManager, parseApplied } from "../../../src/destinations/kubernetes/ownership/identity.js";
import { applyEntry, fieldsHash } from "../../../src/kube/fields/managed-fields.js";
import type { RawObject } from "../../../src/kube/object.js";
import { objectPath } from "../../../src/kube/resource.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { GitRepo } from "../../support/git-server.js";
import type { TestObject, TestRef } from "../../support/kube.js";
import { condition, World } from "../../support/world.js";
import { APP, type ManagedFieldsCase, type Trial } from "./case.js";
import { MARKERS, markerKey } from "./markers.js";
import { type RecordedRequest, RecordingProxy } from "./recording-proxy.js";
import { WIDGETS } from "./widgets.js";

/** Its own resources, Events and leases: what the operator writes about itself. */
const OWN_BUSINESS =
  /^\/apis\/(gitops\.overseer\.io|coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases\/overseer)|^\/api\/v1\/namespaces\/[^/]+\/events/;

/** One operator, one app that holds the documents of all cases, and a record of what the operator sends. */
export class Arena {
  readonly world: World;
  readonly proxy: RecordingProxy;
  readonly manager: string;
  readonly #repo: GitRepo;
  #rounds = 0;

  private constructor(world: World, proxy: RecordingProxy, repo: GitRepo) {
    this.world = world;
    this.proxy = proxy;
    this.manager = fieldManager({ namespace: world.namespace, name: APP });
    this.#repo = repo;
  }

  /** Commits the documents of all cases at once and waits until they are applied. */
  static async create(cases: readonly ManagedFieldsCase[]): Promise<Arena> {
    const world = await World.create("fields", { withoutOperator: true });
    const proxy = await RecordingProxy.start(world.controlPlane);
    for (const definition of WIDGETS) await world.kube.apply(definition, "kubectl");
    for (const { spec } of WIDGETS) await world.kube.resource("fields.example.com/v1", spec.names.kind);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
    const files = Object.fromEntries(
      cases.map((one, index) => [file(index), one.documents(caseName(world, one, index))]),
    );
    for (const [kind, text] of Object.entries(MARKERS)) files[`all/${kind.toLowerCase()}.yaml`] = text(suffix(world));
    const repo = await world.repository(APP, files);
    const arena = new Arena(world, proxy, repo);
    await world.app(APP, APP, "all");
    await arena.#applied();
    return arena;
  }

  /** Runs one case. */
  async run(one: ManagedFieldsCase, index: number): Promise<void> {
    const { kube } = this.world;
    const name = caseName(this.world, one, index);
    const ref = await this.refOf(one.documents(name));
    // The markers are changed more often than an object may be put back without a rest: a request ends the count.
    await this.world.poke(APP);
    await this.#flush(ref);
    const before = await kube.get(ref);
    if (!before) throw new Error(`${ref.kind} ${ref.name} is not there`);
    this.#expectStable(before);
    const commit = async (text: string): Promise<void> => {
      await this.#repo.commit({ [file(index)]: text }, `change ${name}`);
      await this.world.poll(APP);
      await this.#applied();
    };
    const trial: Trial = { world: this.world, kube, name, ref, manager: this.manager, before, commit };
    const mark = this.proxy.requests.length;
    await this.#disturb(one, trial);
    const live = await this.#judge(one, trial, mark);
    await one.after?.(trial, live);
  }

  /** What a reconcile that nothing has called for sends besides what it reads: nothing but its answer to whoever asked. */
  async writesOfIdleReconcile(): Promise<readonly RecordedRequest[]> {
    await this.#bound();
    const markers = await Promise.all(Object.values(MARKERS).map((text) => this.refOf(text(suffix(this.world)))));
    await Promise.all(markers.map((marker) => this.#flush(marker)));
    const mark = this.proxy.requests.length;
    await this.world.poke(APP);
    return this.proxy.requests.slice(mark).filter(({ method, path }) => method !== "GET" && !OWN_BUSINESS.test(path));
  }

  /** The object that a text of documents begins with. */
  async refOf(text: string): Promise<TestRef> {
    const [first] = loadAll(text) as TestObject[];
    if (!first) throw new Error("no document");
    const { namespaced } = await this.world.kube.resource(first.apiVersion, first.kind);
    const { namespace = this.world.namespace } = first.metadata;
    return {
      apiVersion: first.apiVersion,
      kind: first.kind,
      name: first.metadata.name,
      ...(namespaced ? { namespace } : {}),
    };
  }

  /** Removes everything, also what no namespace takes along. */
  async remove(cases: readonly ManagedFieldsCase[]): Promise<void> {
    await this.world.expectContracts();
    await this.world.operator.stop();
    const texts = cases.map((one, index) => one.documents(caseName(this.world, one, index)));
    for (const text of [...texts, ...Object.values(MARKERS).map((marker) => marker(suffix(this.world)))]) {
      const ref = await this.refOf(text);
      if (text.includes("finalizers:") && ref.kind !== "Namespace")
        await this.world.kube.patch(ref, { metadata: { finalizers: null } });
      if (ref.namespace !== this.world.namespace) await this.world.kube.delete(ref);
    }
    await this.world.remove();
    await this.proxy.stop();
  }

  /** Waits until the newest commit is live: the objects of some cases never become healthy, so that the app is not Ready. */
  async #applied(): Promise<void> {
    const head = await this.#repo.head();
    await this.world.kube.until(
      this.world.appRef(APP),
      `live objects match ${head}`,
      (app: RawObject & Parameters<typeof condition>[0]) => {
        const synced = condition(app, "Synced");
        return synced?.status === "True" && synced.message.endsWith(head.slice(0, 12));
      },
      60_000,
    );
  }

  /** Waits until all claims have their volumes: a binding writes to both, and each such write is looked at. */
  async #bound(): Promise<void> {
    const { kube, namespace } = this.world;
    await waitUntil({ what: "all claims are bound", timeoutMs: 60_000 }, async () => {
      const claims = await kube.list("v1", "PersistentVolumeClaim", namespace);
      const volumes = await kube.list("v1", "PersistentVolume");
      const taken = volumes.filter(({ spec }) => claimOf(spec)?.namespace === namespace);
      return [...claims, ...taken].every(isBound) && taken.length === claims.length;
    });
  }

  async #disturb(one: ManagedFieldsCase, trial: Trial): Promise<void> {
    if (!one.frozen) {
      await one.disturb(trial);
      return;
    }
    process.kill(this.world.operator.pid, "SIGSTOP");
    try {
      await one.disturb(trial);
      const live = await trial.kube.get(trial.ref);
      if (one.hidden && live) expect(this.#entryHash(live), "our entry is as before").to.equal(this.#annotated(live));
    } finally {
      process.kill(this.world.operator.pid, "SIGCONT");
    }
  }

  async #judge(one: ManagedFieldsCase, trial: Trial, mark: number): Promise<RawObject> {
    const path = await this.#path(trial.ref);
    if (one.expect === "healed") {
      const live = await this.#healed(one, trial);
      await this.#flush(trial.ref);
      const writes = this.proxy.writes(path, mark);
      expect(writes, "it is the operator that healed, and it did not go on writing").to.have.length.within(
        1,
        one.writes ?? 2,
      );
      return live;
    }
    if (one.expect === "reported") {
      await this.world.kube.until(
        this.world.appRef(APP),
        `says ${one.says}`,
        (app: Parameters<typeof condition>[0] & RawObject) =>
          one.says?.test(condition(app, "Drifted")?.message ?? "") ?? false,
      );
      return trial.before;
    }
    const disturbed = await this.world.kube.get(trial.ref);
    if (!disturbed) throw new Error("it is gone");
    await this.#flush(trial.ref);
    const writes = this.proxy.writes(path, mark);
    if (one.expect === "quiet") expect(writes).to.deep.equal([]);
    const after = (await this.world.kube.get(trial.ref)) ?? disturbed;
    if (one.expect === "one verification") expect(writes).to.have.length.within(1, generations(trial.before, after));
    expect(this.#written(after), "nothing was written").to.equal(this.#written(disturbed));
    this.#expectStable(after);
    return after;
  }

  /** Waits until live is as before, and as annotated. */
  async #healed(one: ManagedFieldsCase, { ref, before }: Trial): Promise<RawObject> {
    const part = one.live ?? content;
    const wanted = JSON.stringify(part(before), null, 1);
    let last: RawObject | undefined;
    try {
      return await waitUntil(
        { what: `${ref.kind} ${ref.name} is healed`, timeoutMs: 60_000, intervalMs: 30 },
        async () => {
          last = await this.world.kube.get(ref);
          if (!last || last.metadata.deletionTimestamp) return undefined;
          const equal = JSON.stringify(part(last), null, 1) === wanted;
          return equal && this.#entryHash(last) === this.#annotated(last) ? last : undefined;
        },
      );
    } catch (error) {
      const app = await this.world.kube.get<RawObject>(this.world.appRef(APP));
      expect(last && part(last), `${(error as Error).message}; the app: ${JSON.stringify(app?.status)}`).to.deep.equal(
        part(before),
      );
      throw error;
    }
  }

  /**
   * Waits until the operator has dealt with all events on objects of the kind of `ref` that came before: twice it puts an
   * object back that was changed after them. The second time, the reconcile of the first has ended.
   */
  async #flush(ref: TestRef): Promise<void> {
    const text = MARKERS[markerKey(ref.kind)];
    if (!text) throw new Error(`there is no marker of kind ${ref.kind}`);
    const marker = await this.refOf(text(suffix(this.world)));
    for (const _ of [1, 2]) {
      const round = `round-${++this.#rounds}`;
      await this.world.kube.patch(marker, { metadata: { labels: { marker: round } } }, { manager: round });
      await this.world.kube.until(
        marker,
        `is put back in ${round}`,
        ({ metadata }) => metadata.labels?.marker === "steady",
      );
    }
  }

  async #path(ref: TestRef): Promise<string> {
    return objectPath(await this.world.kube.resource(ref.apiVersion, ref.kind), ref.namespace ?? "", ref.name);
  }

  /** What a write of ours that has an effect would move; controllers move the resourceVersion, too. */
  #written(object: RawObject): string {
    const { fieldsV1: _, ...entry } = applyEntry(object.metadata, this.manager) ?? {};
    return JSON.stringify([entry, content(object)], null, 1);
  }

  #expectStable(object: RawObject): void {
    expect(this.#entryHash(object), "our entry is the annotated one").to.equal(this.#annotated(object));
  }

  #entryHash({ metadata }: RawObject): string {
    const entry = applyEntry(metadata, this.manager);
    return entry ? fieldsHash(entry) : "no entry";
  }

  #annotated({ metadata }: RawObject): string {
    return parseApplied(metadata.annotations?.[ANNOTATION_APPLIED])?.fields ?? "no annotation";
  }
}

/** How often something that counts happened: a controller that notes a rollout adds one. */
function generations(before: RawObject, after: RawObject): number {
  return Math.max(1, (after.metadata.generation ?? 0) - (before.metadata.generation ?? 0));
}

/** What people and Git mean by an object: without what the API server counts, and what its controllers note. */
function content(object: RawObject): unknown {
  const { metadata, status: _, ...fields } = object;
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  const notes = Object.entries(annotations ?? {}).filter(([key]) => key !== "deployment.kubernetes.io/revision");
  return { ...fields, metadata: { labels, annotations: Object.fromEntries(notes), finalizers, ownerReferences } };
}

function suffix(world: World): string {
  return world.namespace.slice(world.namespace.lastIndexOf("-") + 1);
}

function file(index: number): string {
  return `all/case-${index}.yaml`;
}

function caseName(world: World, one: ManagedFieldsCase, index: number): string {
  return `${one.row.toLowerCase()}-${index}-${suffix(world)}`;
}

function claimOf(spec: unknown): { readonly namespace?: string } | undefined {
  return (spec as { claimRef?: { namespace?: string } } | undefined)?.claimRef;
}

function isBound({ status }: RawObject): boolean {
  return (status as { phase?: string } | undefined)?.phase === "Bound";
}
