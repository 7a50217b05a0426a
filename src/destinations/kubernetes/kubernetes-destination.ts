import type { Document } from "../../manifest/document.js";
import { apiVersionOf, displayId, type GroupVersionKind } from "../../manifest/object-id.js";
import type { HealAction, Preview, PreviewedWrite, WriteAction } from "../../plan/actions.js";
import type { AppRef, LiveObject, Observation } from "../../plan/live.js";
import type { DeletePermit } from "../../plan/prune-guard.js";
import type { Destination, KindStatus, Outcome, Target, Verdict } from "../destination.js";
import { liveDiff } from "./compare.js";
import { type KubernetesContext, recordedHash } from "./context.js";
import { describeWriters } from "./drift-note.js";
import { handOver } from "./hand-over.js";
import { namespaceContents } from "./namespace-contents.js";
import { liveObject } from "./observed-object.js";
import { dryRun, explainRefusal, preview, readLive } from "./preview.js";
import type { KindWatches } from "./watches.js";
import { healDocument, removeObject, writeDocument } from "./write.js";

/** This cluster, by server-side apply. */
export class KubernetesDestination implements Destination {
  readonly id = "kubernetes";
  readonly #context: KubernetesContext;
  readonly #watches: KindWatches;

  constructor(context: KubernetesContext, watches: KindWatches) {
    this.#context = context;
    this.#watches = watches;
  }

  /** Each kind has its own: see `prepare` and `observe`. */
  obstacle(): undefined {
    return undefined;
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

  prepare(kinds: readonly GroupVersionKind[]): Promise<readonly KindStatus[]> {
    return Promise.all(
      kinds.map(async (kind) => {
        const resource = await this.#context.discovery.find(kind);
        if (!resource) return { kind, problem: `the cluster has no kind ${kind.kind} in ${apiVersionOf(kind)}` };
        if (!resource.verbs.has("list") || !resource.verbs.has("watch")) return { kind, problem: undefined };
        return { kind, problem: await this.#watches.ensure(resource) };
      }),
    );
  }

  observe(app: AppRef, kinds: readonly GroupVersionKind[]): Observation {
    const problems = kinds.flatMap((kind) => {
      if (this.#context.discovery.peek(kind) === undefined) return [];
      const problem = this.#watches.problemOf(kind);
      return problem === undefined ? [] : [`${kind.kind} ${problem}`];
    });
    const objects = new Map<string, LiveObject>();
    for (const { object, doubt } of this.#context.tracker.ofApp(app))
      objects.set(object.key, liveObject(object, app, doubt));
    return { complete: problems.length === 0, incomplete: problems[0], objects };
  }

  preview(target: Target, writes: readonly WriteAction[], all: readonly Document[]): Promise<Preview> {
    return preview(this.#context, target, writes, all);
  }

  write(target: Target, write: PreviewedWrite): Promise<Outcome> {
    return this.#context.requests.run(() => writeDocument(this.#context, target, write));
  }

  async verify(target: Target, action: HealAction): Promise<Verdict> {
    const { document, live } = action;
    try {
      const resource = await this.#context.discovery.find(document.id);
      if (!resource)
        return { drifted: true, diff: [], problem: `the cluster has no kind ${document.id.kind} any more` };
      const [current, dry] = await Promise.all([
        readLive(this.#context, resource, document),
        dryRun(this.#context, target, document, resource, true),
      ]);
      const diff = current ? liveDiff(current, dry.object) : [];
      const drifted = current === undefined || diff.length > 0 || live.state === "Drifted";
      this.#context.tracker.settle(live.key, current?.metadata.resourceVersion ?? "", drifted ? "drifted" : "none");
      return { drifted, diff };
    } catch (error) {
      return { drifted: true, diff: [], problem: explainRefusal(error) };
    }
  }

  describeDrift(action: HealAction): string | undefined {
    const others = this.#context.tracker.get(action.document.key)?.others;
    return others ? describeWriters(action.document.object, others) : undefined;
  }

  heal(target: Target, action: HealAction): Promise<Outcome> {
    return this.#context.requests.run(() => healDocument(this.#context, target, action));
  }

  remove(target: Target, permit: DeletePermit): Promise<Outcome> {
    return this.#context.requests.run(() => removeObject(this.#context, target, permit));
  }

  async handOver(target: Target, live: LiveObject, to: AppRef): Promise<Outcome> {
    try {
      const resource = await this.#context.discovery.find(live.id);
      if (!resource) return { ok: false, message: `${displayId(live.id)}: its kind is gone`, retryable: true };
      await handOver(this.#context, target, resource, live, to);
      return { ok: true, wrote: true, notes: [] };
    } catch (error) {
      return { ok: false, message: explainRefusal(error), retryable: true };
    }
  }

  namespaceHolds(app: AppRef, namespace: string): Promise<string | undefined> {
    return namespaceContents(this.#context, app, namespace);
  }
}
