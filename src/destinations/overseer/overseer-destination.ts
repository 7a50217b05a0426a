import type { FailpointHook } from "../../base/failpoint.js";
import { hmacSha256 } from "../../base/hash.js";
import type { Document } from "../../manifest/document.js";
import { displayId, type GroupVersionKind, type ObjectKey } from "../../manifest/object-id.js";
import type { HealAction, Preview, PreviewedWrite, WriteAction } from "../../plan/actions.js";
import { type AppRef, appKey, type LiveObject, type Observation } from "../../plan/live.js";
import type { DeletePermit } from "../../plan/prune-guard.js";
import type { Destination, KindStatus, Outcome, Target, Unavailability, Verdict } from "../destination.js";
import type { CoreConnection } from "./client/core-connection.js";
import { describeLimits } from "./client/core-limits.js";
import { desiredOf } from "./desired-spec.js";
import { fieldChanges } from "./field-changes.js";
import { namedVolumes } from "./kinds/compose-text.js";
import { coreKindOf } from "./kinds/kinds.js";
import { previewWrites } from "./preview.js";
import { failedBackups } from "./state/failed-backups.js";
import { LiveSnapshot } from "./state/live-snapshot.js";
import { CoreWriter } from "./writer.js";

/** Identity of this installation, the key of its digests, and a hook for crash tests. */
export interface CoreIdentity {
  readonly failpoint: FailpointHook;
  /** UID of the control cluster's kube-system namespace. */
  readonly instance: string;
  readonly digestKey: string;
}

/**
 * Apps on an Overseer Core, over its REST API: Compose apps with deploy jobs, routes, backup policies and node configurations.
 * Reads the live state from the connection's snapshot, without requests.
 */
export class OverseerDestination implements Destination {
  readonly id: string;
  readonly #connection: CoreConnection;
  readonly #identity: CoreIdentity;
  readonly #writer: CoreWriter;
  readonly #live: LiveSnapshot;
  /** Caches recorded hashes: every reconcile needs those of all documents several times. */
  readonly #hashes = new WeakMap<Document, string>();

  constructor(connection: CoreConnection, identity: CoreIdentity) {
    // Another token has other permissions: objects are not transferred between the two.
    this.id = connection.access.id;
    this.#connection = connection;
    this.#identity = identity;
    this.#writer = new CoreWriter(connection, identity);
    this.#live = new LiveSnapshot(connection.follower.state, identity);
  }

  /** False, since `prepare` waits for the first read. */
  connecting(): boolean {
    return false;
  }

  unavailability(): Unavailability | undefined {
    const { problem } = this.#connection.follower;
    return problem && { reason: problem.reason, message: problem.message };
  }

  limits(): readonly string[] {
    return describeLimits(this.#connection.reader.abilities);
  }

  recordedHash(document: Document): string {
    const known = this.#hashes.get(document);
    if (known !== undefined) return known;
    const hash = hmacSha256(this.#identity.digestKey, document.hash, 32);
    this.#hashes.set(document, hash);
    return hash;
  }

  scopeOf(kind: GroupVersionKind): "Cluster" | undefined {
    return coreKindOf(kind) ? "Cluster" : undefined;
  }

  hasStatus(): boolean {
    return false;
  }

  async prepare(kinds: readonly GroupVersionKind[]): Promise<readonly KindStatus[]> {
    await this.#connection.follower.settled();
    const problem = this.#connection.follower.problem?.message;
    return kinds.map((kind) => ({ kind, problem }));
  }

  observe({ app }: Target): Observation {
    const { follower } = this.#connection;
    const incomplete =
      follower.problem?.message ?? (follower.fresh ? undefined : "the state of the Core is still being read");
    const objects = this.#live.of(appKey(app));
    const backups = failedBackups(objects.values(), follower.state);
    return { complete: follower.fresh, incomplete, objects, ...(backups.length === 0 ? {} : { backups }) };
  }

  async preview(target: Target, writes: readonly WriteAction[], all: readonly Document[]): Promise<Preview> {
    const { follower, reader } = this.#connection;
    if (!follower.fresh) {
      const message = follower.problem?.message ?? "the state of the Core is still being read";
      return {
        accepted: [],
        refused: writes.map((action) => ({ action, message, retryable: true })),
        deferred: [],
        missing: [],
      };
    }
    const { instance } = this.#identity;
    return previewWrites(writes, { target, state: follower.state, abilities: reader.abilities, instance, all });
  }

  write(target: Target, { action }: PreviewedWrite): Promise<Outcome> {
    return this.#apply(target, action.document);
  }

  async verify(_target: Target, { document, live }: HealAction): Promise<Verdict> {
    const diff = this.#differences(document, live);
    return { drifted: live.state !== "AsApplied", diff };
  }

  describeDrift(_target: Target, { document, live }: HealAction): string | undefined {
    const { rules } = desiredOf(document);
    const { state } = this.#connection.follower;
    const record = state.byId(rules.change, live.uid);
    const pending = record && rules.pending(record, state);
    const paths = this.#differences(document, live).map(({ path }) => path.replace(/^\.spec/, ""));
    if (paths.length === 0) return pending ?? "changed in the Core";
    return `changed in the Core: ${paths.slice(0, 5).join(", ")}${paths.length > 5 ? ` and ${paths.length - 5} more` : ""}`;
  }

  heal(target: Target, { document }: HealAction): Promise<Outcome> {
    return this.#apply(target, document);
  }

  async remove(target: Target, permit: DeletePermit): Promise<Outcome> {
    const { live } = permit;
    const rules = coreKindOf(live.id);
    if (rules === undefined)
      return { ok: false, message: `an Overseer Core has no kind ${live.id.kind}`, retryable: false };
    const app = rules.change === "app" ? this.#connection.follower.state.byId("app", live.uid) : undefined;
    const volumes = app ? namedVolumes(app.compose) : [];
    const outcome = await this.#writer.remove(target.app, rules, permit);
    if (!outcome.ok || volumes.length === 0) return outcome;
    return {
      ...outcome,
      notes: [`${displayId(live.id)} is removed; its volumes stay on the node: ${volumes.join(", ")}`],
    };
  }

  /** True, since all apps of this destination use the same token. */
  async mayWrite(): Promise<boolean> {
    return true;
  }

  async handOver(_target: Target, live: LiveObject, to: AppRef): Promise<Outcome> {
    const rules = coreKindOf(live.id);
    if (rules === undefined)
      return { ok: false, message: `an Overseer Core has no kind ${live.id.kind}`, retryable: false };
    return this.#writer.handOver(rules, live, to);
  }

  /** Empty: there is nothing beyond the status of the objects. */
  async healthReasons(): Promise<ReadonlyMap<ObjectKey, string>> {
    return new Map();
  }

  async deletionHolders(): Promise<string> {
    return "the Core has not finished deleting it";
  }

  /** Does nothing: the ownership record stays, so that an app of the same name finds the resource again. */
  async release(_target: Target, live: LiveObject): Promise<Outcome> {
    const rules = coreKindOf(live.id);
    return rules === undefined ? { ok: true, wrote: false, notes: [] } : this.#writer.release(rules, live);
  }

  async namespaceHolds(): Promise<undefined> {
    return undefined;
  }

  async #apply(target: Target, document: Document): Promise<Outcome> {
    const { follower } = this.#connection;
    if (!follower.fresh)
      return {
        ok: false,
        message: follower.problem?.message ?? "the state of the Core is still being read",
        retryable: true,
      };
    return this.#writer.apply(target.app, desiredOf(document), this.recordedHash(document));
  }

  #differences(document: Document, live: LiveObject): Verdict["diff"] {
    const desired = desiredOf(document);
    const { state } = this.#connection.follower;
    const record = state.byId(desired.rules.change, live.uid);
    return record ? fieldChanges(desired, record, state) : [];
  }
}
