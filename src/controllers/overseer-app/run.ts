import type { Change } from "../../api/change.js";
import type { Inputs } from "../../api/inputs.js";
import type { OverseerApp, OverseerAppStatus } from "../../api/overseer-app.js";
import type { ConditionReason } from "../../api/reasons.js";
import { MESSAGE_DIGITS, shortRevision } from "../../api/short-revision.js";
import type { Logger } from "../../base/logger.js";
import type { Destination, Target } from "../../destinations/destination.js";
import type { Proof } from "../../gates/promotion/eligibility.js";
import type { GitSnapshot } from "../../git/engine.js";
import type { ObjectKey } from "../../manifest/object-id.js";
import { type AppRef, appKey } from "../../plan/live.js";
import type { AppMemory } from "./app-memory.js";
import type { AppServices } from "./app-services.js";
import type { ChangeUpdate, DriftReport, PausedReport, Problem, Progress } from "./outcome.js";
import type { Rendered } from "./rendered.js";

/** Returns the identity that an app writes as. */
export function targetOf({ metadata, spec }: OverseerApp): Target {
  const { namespace, name, uid } = metadata;
  const { serviceAccountName, sync } = spec;
  const {
    adopt = "Unowned",
    additions = "Revert",
    ignoreDifferences: ignored = [],
    recreate = false,
    deletePropagation: propagation = "Background",
  } = sync ?? {};
  return { app: { namespace, name, uid }, serviceAccountName, adopt, additions, ignored, recreate, propagation };
}

/** The context of one reconcile of one app, shared by its phases. */
export class AppRun {
  readonly services: AppServices;
  readonly destination: Destination;
  readonly app: OverseerApp;
  readonly ref: AppRef;
  readonly key: string;
  readonly target: Target;
  readonly memory: AppMemory;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Status fields written so far; conditions are added at the end. */
  status: OverseerAppStatus;
  /** Inputs of the status that the operator has not signed, in an Environment: kept, but not used. */
  unsigned: Pick<OverseerAppStatus, "applied" | "pin" | "settings"> | undefined;
  /** The newest commit of the app's ref, whether or not it can be rendered. */
  headCommit: string | undefined;
  /** What the app takes of its ref, if it belongs to an Environment with `promotesFrom`. */
  promotion: PromotionState | undefined;
  /** The commit that the app takes of its ref: the newest one, unless it waits for a promotion. */
  locatedCommit: string | undefined;
  /** The inputs that the app takes, whether or not they can be rendered; undefined if it is pinned to others. */
  located: Inputs | undefined;
  /** Snapshot of the current commit, to look up file contents. */
  snapshot: GitSnapshot | undefined;
  /** The documents of the newest inputs. */
  desired: Rendered | undefined;
  /** The newest inputs, if the app is pinned to others, or they wait for an approved Change, and they are known. */
  newest: Inputs | undefined;
  /** The last applied documents, if available. */
  applied: Rendered | undefined;
  problem: Problem | undefined;
  progress: Progress = { state: "done" };
  drift: DriftReport[] = [];
  /** Name of the Change that reverts the drift when a user approves it. */
  driftChange: string | undefined;
  contested: DriftReport[] = [];
  paused: readonly PausedReport[] = [];
  /** Keys of objects that a Change has yet to write: they are not missing through drift. Undefined if it writes all of them now. */
  unwritten: ReadonlySet<ObjectKey> | undefined;
  /** Pending update of the Change, written once at the end of this reconcile. */
  staged: { readonly change: Change; readonly update: ChangeUpdate } | undefined;
  /** Milliseconds until the next reconcile at the latest, if any. */
  requeueAfterMs: number | undefined;

  constructor(
    services: AppServices,
    destination: Destination,
    app: OverseerApp,
    memory: AppMemory,
    logger: Logger,
    signal: AbortSignal,
  ) {
    const { namespace, name, uid } = app.metadata;
    this.services = services;
    this.destination = destination;
    this.app = app;
    this.ref = { namespace, name, uid };
    this.key = appKey(this.ref);
    this.target = targetOf(app);
    this.memory = memory;
    this.logger = logger;
    this.signal = signal;
    this.status = app.status ?? {};
  }

  /** Requests another reconcile within this time. */
  requeueAfter(ms: number): void {
    this.requeueAfterMs = Math.min(this.requeueAfterMs ?? Number.POSITIVE_INFINITY, Math.max(0, ms));
  }

  /** Emits an Event about the app. */
  emitEvent(type: "Normal" | "Warning", reason: ConditionReason, action: string, message: string): void {
    const { apiVersion, kind, metadata } = this.app;
    const { namespace, name, uid } = metadata;
    const note = { type, reason, action, message: shortRevision(message, MESSAGE_DIGITS) };
    this.services.events.record({ apiVersion, kind, namespace, name, uid }, note);
  }

  /** Emits an Event unless the last one on this topic had the same message. */
  emitEventOnce(
    topic: string,
    type: "Normal" | "Warning",
    reason: ConditionReason,
    action: string,
    message: string,
  ): void {
    if (this.memory.lastEmitted.get(topic) === message) return;
    this.memory.lastEmitted.set(topic, message);
    this.emitEvent(type, reason, action, message);
  }
}

/** What an app takes of its ref, in one reconcile. Only for apps of an Environment with `promotesFrom`. */
interface PromotionState {
  /** Newest revision of the ref. */
  readonly newest: string;
  /** Newest commit that a user may promote, if it is not applied. */
  readonly promotable?: string | undefined;
  /** Why the newest revision is not promoted, if it is not. */
  readonly why?: string | undefined;
  /** Earliest time (epoch ms) at which time alone may change that. */
  readonly until?: number | undefined;
  /** Returns whether inputs may be applied, for the gate: also those of a Change that waits while others are selected. */
  readonly proofOf: (inputs: Inputs) => Promise<Proof>;
}
