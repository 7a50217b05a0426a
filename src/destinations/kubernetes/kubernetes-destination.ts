import { isDocumentRefusal, isStatus } from "../../kube/errors.js";
import type { Document } from "../../manifest/document.js";
import { ignoredFields } from "../../manifest/ignored/ignored-fields.js";
import { apiVersionOf, displayId, type GroupVersionKind, type ObjectKey } from "../../manifest/object-id.js";
import type { HealAction, Preview, PreviewedWrite, WriteAction } from "../../plan/actions.js";
import type { AppRef, LiveObject, Observation } from "../../plan/live.js";
import type { DeletePermit } from "../../plan/prune-guard.js";
import type { ClusterFacts } from "../../render/request.js";
import type { Destination, KindStatus, Outcome, Target, Unavailability, Verdict } from "../destination.js";
import { liveAndDryRun } from "./apply/live-and-dry-run.js";
import { liveDiff } from "./apply/live-diff.js";
import { mayWrite } from "./apply/may-write.js";
import { preview } from "./apply/preview.js";
import { release } from "./apply/release.js";
import { removeObject } from "./apply/remove.js";
import { healDocument, writeDocument } from "./apply/write.js";
import type { ClusterConnection } from "./cluster-connection.js";
import { clusterFacts } from "./cluster-facts.js";
import { deletionHolders } from "./health/deletion-holders.js";
import { healthReasons } from "./health/health-reasons.js";
import { refreshHealth } from "./health/refresh-health.js";
import { additionsPolicy, fairnessKeyOf, type KubernetesContext, recordedHash } from "./kubernetes-context.js";
import { namespaceContents } from "./namespace-contents.js";
import { driftOf } from "./ownership/added-fields.js";
import { authoritativeRoots } from "./ownership/authoritative-kinds.js";
import { handOver } from "./ownership/hand-over.js";
import { entriesWithoutIgnored } from "./ownership/ignored-steps.js";
import { explainRefusal } from "./refusals/explain.js";
import { describeUnavailable } from "./refusals/unknown-kind.js";
import type { Reach } from "./remote/connectivity.js";
import { describeAdded, describeExtras, describeWriters } from "./watch/drift-note.js";
import type { KindWatches } from "./watch/kind-watches.js";
import { liveObject } from "./watch/observed-object.js";

/** Interval of checks whether an API server extension responds again. */
const UNAVAILABLE_MS = 10_000;

/** A Kubernetes cluster, written with server-side apply: the control cluster, or a remote cluster with its `reach`. */
export class KubernetesDestination implements Destination {
  readonly id: string;
  readonly server: string | undefined;
  readonly #context: KubernetesContext;
  readonly #watches: KindWatches;
  readonly #reach: Pick<Reach, "connecting" | "problem"> | undefined;

  constructor(
    { context, watches }: Pick<ClusterConnection, "context" | "watches">,
    id: string,
    reach?: Pick<Reach, "connecting" | "problem">,
    server?: string,
  ) {
    this.server = server;
    this.id = id;
    this.#context = context;
    this.#watches = watches;
    this.#reach = reach;
  }

  connecting(): boolean {
    return this.#reach?.connecting ?? false;
  }

  /** Problems of the whole cluster. `prepare` and `observe` report problems of single kinds. */
  unavailability(): Unavailability | undefined {
    const problem = this.#reach?.problem;
    if (problem === undefined) return undefined;
    const message = `the cluster of spec.destination.kubernetes.kubeConfigSecretRef: ${problem.message}`;
    return { reason: problem.reason, message };
  }

  limits(): readonly string[] {
    return [];
  }

  recordedHash(document: Document): string {
    return recordedHash(this.#context, document);
  }

  scopeOf(kind: GroupVersionKind): "Namespaced" | "Cluster" | undefined {
    const resource = this.#context.discovery.peek(kind);
    return resource === undefined ? undefined : resource.namespaced ? "Namespaced" : "Cluster";
  }

  hasStatus(kind: GroupVersionKind): boolean {
    return this.#context.discovery.peek(kind)?.hasStatus ?? false;
  }

  clusterFacts(): ClusterFacts | undefined {
    return clusterFacts(this.#context.discovery);
  }

  async prepare(kinds: readonly GroupVersionKind[], app?: AppRef): Promise<readonly KindStatus[]> {
    const found = await this.#prepare(kinds);
    if (app && !this.unavailability()) await refreshHealth(this.#context, app);
    return found;
  }

  async #prepare(kinds: readonly GroupVersionKind[]): Promise<readonly KindStatus[]> {
    const unavailability = this.unavailability();
    if (unavailability) return kinds.map((kind) => ({ kind, problem: unavailability.message }));
    return Promise.all(
      kinds.map(async (kind) => {
        const resource = await this.#context.discovery.findAny(kind);
        const service = this.#context.discovery.unavailableService(kind);
        if (service !== undefined)
          return { kind, problem: describeUnavailable(kind, service), recheckAfterMs: UNAVAILABLE_MS };
        if (!resource) return { kind, problem: `the cluster has no kind ${kind.kind} in ${apiVersionOf(kind)}` };
        if (!resource.verbs.has("list") || !resource.verbs.has("watch")) return { kind, problem: undefined };
        return { kind, problem: await this.#watches.ensure(resource) };
      }),
    );
  }

  observe(target: Target, kinds: readonly GroupVersionKind[]): Observation {
    const { app } = target;
    const additions = additionsPolicy(this.#context, target);
    const unavailability = this.unavailability();
    const unlisted = kinds.flatMap(({ group, kind, version }) => {
      const service = this.#context.discovery.unavailableService({ group, kind, version });
      if (service !== undefined)
        return [{ group, kind, message: describeUnavailable({ group, kind, version }, service) }];
      if (this.#context.discovery.peekAny({ group, kind, version }) === undefined) return [];
      const problem = this.#watches.problemOf({ group, kind });
      return problem === undefined ? [] : [{ group, kind, message: `${kind} ${problem}` }];
    });
    const objects = new Map<string, LiveObject>();
    const hooks = new Map<string, LiveObject>();
    for (const { object, verification, untracked } of this.#context.tracker.ofApp(app)) {
      const live = liveObject(object, app, this.#context, verification, additions, untracked);
      (live.hook === undefined || live.ownership === "Foreign" ? objects : hooks).set(object.key, live);
    }
    const incomplete = unavailability?.message ?? unlisted[0]?.message;
    const ended = new Map(
      this.#context.tracker
        .endedOf(app)
        .flatMap(({ key, applied, finished }) =>
          finished ? [[key, { documentHash: applied?.document, finished }] as const] : [],
        ),
    );
    return {
      complete: incomplete === undefined,
      incomplete,
      unlisted,
      objects,
      ended,
      ...(hooks.size === 0 ? {} : { hooks }),
    };
  }

  preview(
    target: Target,
    writes: readonly WriteAction[],
    all: readonly Document[],
    signal: AbortSignal,
    others: readonly WriteAction[] = [],
  ): Promise<Preview> {
    return preview(this.#context, target, writes, { all, others }, signal);
  }

  write(target: Target, write: PreviewedWrite): Promise<Outcome> {
    return this.#context.requests.run(() => writeDocument(this.#context, target, write), fairnessKeyOf(target));
  }

  async verify(target: Target, action: HealAction): Promise<Verdict> {
    const { document, live } = action;
    try {
      const resource = await this.#context.discovery.find(document.id);
      if (!resource)
        return { drifted: true, diff: [], problem: `the cluster no longer serves kind ${document.id.kind}` };
      const [current, dry] = await liveAndDryRun(this.#context, target, document, resource);
      const diff = current ? liveDiff(current, dry.object, document) : [];
      const lost = live.state === "Drifted" && document.ignored === undefined;
      const drifted = current === undefined || diff.length > 0 || lost;
      this.#context.tracker.settle(live.key, current?.metadata.resourceVersion ?? "", drifted ? "drifted" : "none");
      return { drifted, diff };
    } catch (error) {
      return { drifted: true, diff: [], problem: explainRefusal(error) };
    }
  }

  describeDrift(target: Target, action: HealAction, times = false): string | undefined {
    const { id, key, object } = action.document;
    const known = this.#context.tracker.get(key);
    const others = entriesWithoutIgnored(known?.others ?? [], ignoredFields(target.ignored, id));
    const extras = known?.extras ? describeExtras(object, others, authoritativeRoots(id) ?? []) : undefined;
    const added = driftOf(known?.added, id, additionsPolicy(this.#context, target));
    const additions = added && describeAdded(added, { times, document: object });
    const notes = [describeWriters(object, others), extras, additions].filter((note) => note !== undefined);
    return notes.length === 0 ? undefined : notes.join("; ");
  }

  heal(target: Target, action: HealAction): Promise<Outcome> {
    return this.#context.requests.run(() => healDocument(this.#context, target, action), {
      ...fairnessKeyOf(target),
      urgent: true,
    });
  }

  remove(target: Target, permit: DeletePermit): Promise<Outcome> {
    return this.#context.requests.run(() => removeObject(this.#context, target, permit), fairnessKeyOf(target));
  }

  mayWrite(target: Target, live: LiveObject): Promise<boolean> {
    return mayWrite(this.#context, target, live.id);
  }

  async handOver(target: Target, live: LiveObject, to: AppRef): Promise<Outcome> {
    try {
      const resource = await this.#context.discovery.findAny(live.id);
      if (!resource)
        return { ok: false, message: `${displayId(live.id)}: the cluster no longer serves its kind`, retryable: true };
      await handOver(this.#context, target, resource, live, to);
      return { ok: true, wrote: true, notes: [] };
    } catch (error) {
      return refusalOf(error);
    }
  }

  async healthReasons(objects: readonly LiveObject[]): Promise<ReadonlyMap<ObjectKey, string>> {
    // A cluster that does not respond must not delay the reconcile.
    return this.unavailability() ? new Map() : healthReasons(this.#context, objects);
  }

  deletionHolders(target: Target, live: LiveObject): Promise<string> {
    return deletionHolders(this.#context, target, live);
  }

  async release(target: Target, live: LiveObject): Promise<Outcome> {
    try {
      const resource = await this.#context.discovery.findAny(live.id);
      if (!resource) return { ok: true, wrote: false, notes: [] };
      await release(this.#context, target, resource, live);
      return { ok: true, wrote: true, notes: [] };
    } catch (error) {
      return isStatus(error, 404) ? { ok: true, wrote: false, notes: [] } : refusalOf(error);
    }
  }

  namespaceHolds(app: AppRef, namespace: string): Promise<string | undefined> {
    return namespaceContents(this.#context, app, namespace);
  }
}

/** Converts the error of a write to an outcome. Refusals due to the object, a policy or a missing permission are not retryable. */
function refusalOf(error: unknown): Outcome {
  const retryable = isStatus(error, 404) || isStatus(error, 409) || !isDocumentRefusal(error);
  return { ok: false, message: explainRefusal(error), retryable };
}
