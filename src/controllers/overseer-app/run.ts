import type { Change, ChangePhase, ChangeStatus } from "../../api/change.js";
import type { Inputs } from "../../api/inputs.js";
import type { OverseerApp, OverseerAppStatus } from "../../api/overseer-app.js";
import { MESSAGE_DIGITS, shortRevision } from "../../api/short-revision.js";
import type { Logger } from "../../base/logger.js";
import type { Destination, Target } from "../../destinations/destination.js";
import type { GitSnapshot } from "../../git/engine.js";
import type { Document } from "../../manifest/document.js";
import type { GroupVersionKind, ObjectKey } from "../../manifest/object-id.js";
import { type AppRef, appKey } from "../../plan/live.js";
import type { Note } from "../../render/request.js";
import type { AppMemory } from "./app-memory.js";
import type { AppServices } from "./app-services.js";

/** What a step says of the Change: its phase, and whatever else is new. */
export type ChangeUpdate = Partial<ChangeStatus> & { readonly phase: ChangePhase };

/** A kind, and where its objects were found to belong when they were rendered. */
export interface RenderedKind extends GroupVersionKind {
  readonly scope?: "Namespaced" | "Cluster" | undefined;
}

/** The documents of one set of inputs. */
export interface Rendered {
  readonly inputs: Inputs;
  readonly documents: readonly Document[];
  readonly kinds: readonly RenderedKind[];
  /** Why there is no document; undefined where there is one. */
  readonly nothing?: string | undefined;
  /** Why objects may be missing that the source still wants: nothing is pruned. */
  readonly unread?: string | undefined;
  /** Documents that are not applied: what is live of them is neither written nor deleted. */
  readonly skipped?: ReadonlySet<ObjectKey> | undefined;
  /** What people should know of the source; sorted. */
  readonly notes: readonly Note[];
  /** Number of further notes that were not kept. */
  readonly notesOmitted: number;
}

/** What stands in an app's way. */
export interface Problem {
  /** Which step met it. */
  readonly stage: "Access" | "Source" | "Render" | "Destination" | "Plan" | "Apply";
  readonly reason: string;
  readonly message: string;
  /** The same in short, where the message is long: conditions beside Ready, and Events. */
  readonly brief?: string;
  /** Nothing changes until somebody changes something. */
  readonly terminal: boolean;
  /** Epoch milliseconds of the next try, where there is one. */
  readonly retryAt?: number;
}

/** An object that differs from what was applied, and was not put back. */
export interface DriftReport {
  readonly object: string;
  readonly note: string;
}

/** A live object that is left as it is, since a person has asked for it. */
export interface PausedReport {
  readonly object: string;
  /** Whether it is not as Git says. */
  readonly behind: boolean;
}

/** How far the newest inputs got in this reconcile. */
export type Progress =
  | { readonly state: "done" }
  /** `reason`: which gate holds it, for the condition. */
  | { readonly state: "waiting"; readonly reason: string; readonly message: string }
  | { readonly state: "pending"; readonly message: string; readonly requeueAfterMs?: number }
  | { readonly state: "failed" };

/** As whom an app writes. */
export function targetOf({ metadata, spec }: OverseerApp): Target {
  const { namespace, name, uid } = metadata;
  const { serviceAccountName, sync } = spec;
  return { app: { namespace, name, uid }, serviceAccountName, adopt: sync?.adopt ?? "Unowned" };
}

/** The working sheet of one reconcile of one app: what its phases read and find out. */
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
  /** Fields of the status that phases have written or will write; conditions are added at the end. */
  status: OverseerAppStatus;
  /** The commit that the source is at now, whether or not it can be rendered. */
  locatedCommit: string | undefined;
  /** The commit that the source is at now, to look up what stands in a file. */
  snapshot: GitSnapshot | undefined;
  /** What Git says now. */
  desired: Rendered | undefined;
  /** What was last applied, if it can be had. */
  applied: Rendered | undefined;
  problem: Problem | undefined;
  progress: Progress = { state: "done" };
  drift: DriftReport[] = [];
  contested: DriftReport[] = [];
  paused: readonly PausedReport[] = [];
  /** How the Change went so far, to be written once at the end of this reconcile. */
  staged: { readonly change: Change; readonly update: ChangeUpdate } | undefined;
  /** Earliest time to come back, in milliseconds from now. */
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

  /** Asks for another reconcile within this time. */
  requeueAfter(ms: number): void {
    this.requeueAfterMs = Math.min(this.requeueAfterMs ?? Number.POSITIVE_INFINITY, Math.max(0, ms));
  }

  /** Records an Event about the app. */
  emitEvent(type: "Normal" | "Warning", reason: string, action: string, message: string): void {
    const { apiVersion, kind, metadata } = this.app;
    const { namespace, name, uid } = metadata;
    const note = { type, reason, action, message: shortRevision(message, MESSAGE_DIGITS) };
    this.services.events.record({ apiVersion, kind, namespace, name, uid }, note);
  }

  /** Records an Event, unless the last one on this topic said the same. */
  emitEventOnce(topic: string, type: "Normal" | "Warning", reason: string, action: string, message: string): void {
    if (this.memory.lastEmitted.get(topic) === message) return;
    this.memory.lastEmitted.set(topic, message);
    this.emitEvent(type, reason, action, message);
  }
}
