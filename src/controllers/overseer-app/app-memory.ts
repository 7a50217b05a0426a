import type { OverseerError } from "../../base/errors.js";
import type { ObjectKey } from "../../manifest/object-id.js";
import type { WriteAction } from "../../plan/actions.js";
import { HealLedger } from "../../plan/heal-ledger.js";
import type { PruneDecision } from "../../plan/prune-guard.js";
import type { LocatedSourceInputs } from "../../render/render.js";
import type { Rendered } from "./rendered.js";

/** A failed try of one set of inputs, and when the next one is due. */
export interface Retry {
  readonly inputsKey: string;
  readonly generation: number;
  readonly failures: number;
  /** Monotonic time from which on it is tried again. */
  readonly dueAt: number;
  /** The same for people, in epoch milliseconds. */
  readonly nextAt: number;
  /** Whether something happened that may have removed the cause: the next try is made now, and does not count if it fails. */
  readonly broughtForward?: boolean;
  readonly reason: string;
  readonly message: string;
  /** The message in short. */
  readonly brief?: string;
  /** Only other inputs can help: there is no next try. */
  readonly terminal: boolean;
  /** Objects that were not healthy then: when one of them is, it is tried at once. */
  readonly unhealthy?: readonly ObjectKey[];
}

/** Which documents of one set of inputs the destination refused. */
export interface CheckedInputs {
  readonly inputsKey: string;
  /** Each with its claim key, and with the app that owns the object where nothing else is in the way. */
  readonly refused: readonly { readonly key: ObjectKey; readonly owner: string | undefined }[];
}

/** The writes of a Change that wait, as they were judged last. */
export interface AwaitedWrites {
  /** Digest of what the judgement depends on, as far as the operator sees it. */
  readonly state: string;
  /** Monotonic time since when the state is this one. */
  readonly since: number;
  /** What was found out in this state; undefined until the writes were judged. */
  readonly judged:
    | {
        /** Monotonic time at which the destination judges again, since something may have changed unseen. */
        readonly dueAt: number;
        readonly held: readonly WriteAction[];
        /** What the destination says of the other ones. */
        readonly reasons: readonly string[];
      }
    | undefined;
}

/** What was found out of unhealthy objects, and at which monotonic time it is asked again. */
export interface HealthReasons {
  /** The objects, and what has called for an answer at once. */
  readonly seen: ReadonlySet<string>;
  readonly wait: number;
  readonly dueAt: number;
  readonly reasons: ReadonlyMap<string, string>;
}

/** A moment in the life of a Change that its status names. */
export type Moment = "started" | "applied";

/** Moments of one Change, as monotonic times. */
export interface Moments {
  readonly change: string;
  readonly at: Map<Moment, number>;
}

/** What is remembered of an app between two reconciles. Lost with the process without harm: the rest is in its status. */
export class AppMemory {
  readonly ledger = new HealLedger();
  /** Renders by input key: the applied and the attempted one. */
  readonly renders = new Map<string, Rendered>();
  /** The last render that failed, so that it is not tried again before its inputs change. */
  failedRender: { readonly inputsKey: string; readonly error: OverseerError } | undefined;
  /** The documents whose objects are claimed, and at which destination. */
  claimed: { readonly by: Rendered; readonly at: string } | undefined;
  /** Whether newer documents than the claimed ones cannot be had: what the app wants now is not known. */
  claimsStale = false;
  /** The inputs that were found last, so that a commit which does not touch them costs no more than a look at trees. */
  located: LocatedSourceInputs | undefined;
  retry: Retry | undefined;
  /** What was transferred to other apps for the sake of one set of inputs, until these are applied: for the Change. */
  transferred: { readonly inputsKey: string; readonly decisions: readonly PruneDecision[] } | undefined;
  /** What the destination said of the newest documents when it was asked last. */
  checked: CheckedInputs | undefined;
  /** When the Change that was looked at last began, and was applied. */
  moments: Moments | undefined;
  /** Whether its source was looked at since this process began, whatever came of it. */
  reconciled = false;
  /** Commit that the app has taken note of. */
  consideredCommit: string | undefined;
  /** Monotonic time since when the app is out of date, and whether the log has said so. */
  outOfDateSince: number | undefined;
  outOfDateLogged = false;
  /** Monotonic time since when objects wait for an app that wants them to check its newest documents. */
  checkAwaitedSince: number | undefined;
  /** Monotonic time since when deletions wait for other apps to take note of a commit. */
  pruneHeldSince: number | undefined;
  /** Monotonic time of the last write of a Change. */
  lastWrite: number | undefined;
  /** The writes of the Change that is being applied that wait for something. */
  awaited: AwaitedWrites | undefined;
  /** Monotonic time since when writes of these inputs wait for the health of what serves them. */
  heldSince: { readonly inputsKey: string; readonly at: number } | undefined;
  /** Monotonic times at which webhook configurations and the like were written. */
  readonly judgesWritten = new Map<ObjectKey, number>();
  /** Monotonic time of the first event of a drift that is not healed yet. */
  driftDetectedAt: number | undefined;
  /** Monotonic time since when the first poll of the repository is awaited. */
  sourceAwaitedSince: number | undefined;
  /** Objects that were paused when last looked at, for people. */
  paused: ReadonlySet<string> = new Set();
  /** Why objects are not healthy, where the destination had to be asked for it. */
  healthReasons: HealthReasons | undefined;
  /** What keeps objects that are being deleted, by their uid, and at which monotonic time that was asked. */
  readonly deletionHolders = new Map<string, { resourceVersion: string; at: number; text: string }>();
  /** Of an app in deletion, objects by uid that another app wants and cannot be given, with the reason. */
  readonly notHandedOver = new Map<string, string>();
  /** What was last told by an Event, so that it is told once. */
  lastEmitted = new Map<string, string>();
  /** Failures that were logged since the last success, so that each is logged once. */
  readonly loggedProblems = new Set<string>();

  /** Ends the rest after a failure: what failed may go well now. */
  retryNow(): void {
    this.awaited = undefined;
    if (this.retry && !this.retry.terminal) this.retry = { ...this.retry, broughtForward: true };
  }

  /** The same at a person's request, also where only other inputs are known to help: the destination may judge otherwise by now. */
  retryOnRequest(): void {
    this.failedRender = undefined;
    if (this.retry?.terminal) this.retry = undefined;
    else this.retryNow();
  }

  /** Keeps the renders of these keys alone. */
  keepRenders(keys: readonly (string | undefined)[]): void {
    for (const key of this.renders.keys()) if (!keys.includes(key)) this.renders.delete(key);
  }
}
