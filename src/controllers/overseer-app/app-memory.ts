import { LRUCache } from "lru-cache";
import type { ReportedCommitStatus } from "../../api/git-provider.js";
import type { InputKeys, Inputs } from "../../api/inputs.js";
import type { LedgerEntry } from "../../api/ledger.js";
import type { PromotionPullRequest } from "../../api/promotion.js";
import type { ConditionReason } from "../../api/reasons.js";
import type { FailedTries } from "../../base/backoff.js";
import type { OverseerError } from "../../base/errors.js";
import type { InputsHealth } from "../../gates/promotion/ledger.js";
import type { ObjectKey } from "../../manifest/object-id.js";
import type { Preview, WriteAction } from "../../plan/actions.js";
import { HealLedger } from "../../plan/heal-ledger.js";
import type { PruneDecision } from "../../plan/prune-guard.js";
import type { LocatedSourceInputs } from "../../render/render.js";
import type { SecretReferenceFound } from "../../render/renderer.js";
import type { CommitReport } from "../commit-status/commit-report.js";
import type { PlanComment } from "../plan-comment/plan-comment.js";
import type { WantedPullRequest } from "../promotion-pull-request/wanted-pull-request.js";
import type { Rendered } from "./rendered.js";
import type { RelatedRepository } from "./source/related-repositories.js";

/** A ledger that this process has written. */
export interface KnownLedger {
  readonly appUid: string;
  readonly ledger: readonly LedgerEntry[];
  readonly signature: string | undefined;
}

/** A failed attempt for one set of inputs, and when the next one is due. */
export interface Retry {
  readonly inputsKey: string;
  readonly generation: number;
  readonly failures: number;
  /** Monotonic time of the next attempt. */
  readonly dueAt: number;
  /** The same in epoch milliseconds, for the status. */
  readonly nextAt: number;
  /** Whether an event may have removed the cause: the next attempt runs immediately, and does not count if it fails. */
  readonly broughtForward?: boolean;
  readonly reason: ConditionReason;
  readonly message: string;
  /** The message, shortened. */
  readonly brief?: string;
  /** Only new inputs can help: no retry is scheduled. */
  readonly terminal: boolean;
  /** Objects that were unhealthy at the failure: the Change is retried as soon as one of them becomes healthy. */
  readonly unhealthy?: readonly ObjectKey[];
}

/** The documents of one set of inputs that the destination refused. */
export interface CheckedInputs {
  readonly inputsKey: string;
  /** Claim key of each refused document, and the app that owns the object if that is the only cause. */
  readonly refused: readonly { readonly key: ObjectKey; readonly owner: string | undefined }[];
}

/** The waiting writes of a Change, as last previewed. */
export interface AwaitedWrites {
  /** Digest of the observable state that the preview depends on. */
  readonly state: string;
  /** Monotonic time since when this state holds. */
  readonly since: number;
  /** The result in this state; undefined until the writes were previewed. */
  readonly judged:
    | {
        /** Monotonic time of the next preview, in case something changed unobserved. */
        readonly dueAt: number;
        readonly held: readonly WriteAction[];
        /** The destination's messages about the other writes. */
        readonly reasons: readonly string[];
      }
    | undefined;
}

/** Reasons of unhealthy objects, and the monotonic time of the next lookup. */
export interface HealthReasons {
  /** Known objects, and the causes of immediate lookups that were already handled. */
  readonly seen: ReadonlySet<string>;
  readonly wait: number;
  readonly dueAt: number;
  readonly reasons: ReadonlyMap<string, string>;
}

/** A point in the lifecycle of a Change that its status records. */
export type Moment = "started" | "applied" | `wave ${number}` | `hook ${string}`;

/** Lifecycle times of one Change, on the monotonic clock. */
export interface Moments {
  readonly change: string;
  readonly at: Map<Moment, number>;
}

/** Maximum number of inputs whose images and chart versions are remembered. */
const MAX_VERSIONS = 20;

/** Maximum number of commits whose input keys are remembered. */
const MAX_KEYS = 1_200;

/** Maximum number of contents of a source whose references to secret stores are remembered. */
const MAX_REFERENCES = 10;

/** State of an app kept between reconciles. Safe to lose: everything essential is in the status. */
export class AppMemory {
  /** Ends the reconcile that is running, if any, between two writes. */
  interrupt: (() => void) | undefined;
  /** UID of the Change whose begin was recorded in the audit trail. */
  auditedStart: string | undefined;
  readonly ledger = new HealLedger();
  /** Renders by input key: of the applied and the attempted inputs. */
  readonly renders = new Map<string, Rendered>();
  /** The last failed render, which is not repeated before its inputs change, or before it is due if it took too long. */
  failedRender:
    | { readonly inputsKey: string; readonly error: OverseerError; readonly tries?: FailedTries | undefined }
    | undefined;
  /** The render whose objects are claimed, and the destination. */
  claimed: { readonly by: Rendered; readonly at: string } | undefined;
  /** Whether documents newer than the claimed ones exist but are unavailable, so that current claims are unknown. */
  claimsStale = false;
  /** The last located inputs, so that a commit that does not touch them costs only tree lookups. */
  located: LocatedSourceInputs | undefined;
  /** The last located inputs without values of secret stores, and what Secret documents refer to, by the key of such inputs. */
  locatedReferences: LocatedSourceInputs | undefined;
  readonly secretReferences = new LRUCache<string, readonly SecretReferenceFound[]>({ max: MAX_REFERENCES });
  /** Ids of the sessions of secret stores, by the name of the store. */
  readonly storeIds = new Map<string, string>();
  /** Monotonic time since when values of secret stores count, and what they were read for. */
  secretsSince: { readonly stamp: string; readonly at: number } = { stamp: "", at: 0 };
  /** The last located inputs at a commit that is not the newest. */
  promoted: LocatedSourceInputs | undefined;
  /** The other repositories that the inputs which gates judged last are read from. */
  related: { readonly inputsKey: string; readonly repositories: readonly RelatedRepository[] } | undefined;
  /** What of the inputs that approvals were last asked for differs each time they are rendered; undefined if nothing does. */
  repeated: { readonly inputsKey: string; readonly differs: Promise<string | undefined> } | undefined;
  /** Images and chart versions by input key. */
  readonly versions = new LRUCache<string, readonly string[]>({ max: MAX_VERSIONS });
  /** Keys of the inputs at commits that gates have compared. */
  readonly keys = new LRUCache<string, InputKeys>({ max: MAX_KEYS });
  /** The last observation of the applied inputs (monotonic time), and the healthy time that the ledger does not have yet. */
  soak: { readonly at: number; readonly health: InputsHealth; readonly pendingMs: number } | undefined;
  /** The ledger that this process has written last; undefined if it has not yet, or if that is not known. */
  writtenLedger: KnownLedger | undefined;
  /** Newest commit that was processed with the inputs of an entry of the ledger. The status does not have it at once. */
  through: { readonly entry: string; readonly commit: string } | undefined;
  retry: Retry | undefined;
  /** The last failed Change with `health.rollbackOnFailure`, and the inputs to roll back to, if there are any. */
  rollback:
    | {
        readonly failed: { readonly uid: string; readonly name: string; readonly inputsKey: string };
        readonly target: Inputs | undefined;
      }
    | undefined;
  /** Transfers to other apps for the inputs that have passed their gates, kept for the Change until these inputs are applied. */
  transferred: { readonly inputsKey: string; readonly decisions: readonly PruneDecision[] } | undefined;
  /** The preview of the Change that waits at a gate, and the monotonic time of it. */
  preview: { readonly digest: string; readonly preview: Preview; readonly at: number } | undefined;
  /** Result of the last preview of the newest documents. */
  checked: CheckedInputs | undefined;
  /** When the last seen Change started, and was applied. */
  moments: Moments | undefined;
  /** Whether this process has read the app's source, successfully or not. */
  reconciled = false;
  /** UID of the last stopped Change that a user has asked to continue. */
  released: string | undefined;
  /** The last commit that the app has processed. */
  consideredCommit: string | undefined;
  /** The newest commit, once its inputs are the applied ones and the status says so. */
  appliedCommit: string | undefined;
  /** Monotonic time since when the app is out of date, and whether that was logged. */
  outOfDateSince: number | undefined;
  outOfDateLogged = false;
  /** Monotonic time since when objects wait for a claimant to check its newest documents. */
  checkAwaitedSince: number | undefined;
  /** Monotonic time since when deletions wait for other apps to process a commit. */
  pruneHeldSince: number | undefined;
  /** Monotonic time since when the status says that the applied inputs are being applied. */
  progressHeldSince: number | undefined;
  /** Monotonic time of the last write of a Change. */
  lastWrite: number | undefined;
  /** Waiting writes of the Change that is being applied. */
  awaited: AwaitedWrites | undefined;
  /** Monotonic time since when writes of these inputs wait for the health of their servers. */
  heldSince: { readonly inputsKey: string; readonly at: number } | undefined;
  /** Monotonic times at which webhook configurations and the like were written. */
  readonly judgesWritten = new Map<ObjectKey, number>();
  /** Monotonic time of the first drift event that has not been healed yet. */
  driftDetectedAt: number | undefined;
  /** Monotonic time of the last Change that offered to revert drift. */
  driftOfferedAt: number | undefined;
  /** Monotonic time at which the operator has seen that a suspension had ended by itself, while drift is shown. */
  suspensionEndedAt: number | undefined;
  /** Monotonic time since when the app waits for the first poll of its repository. */
  sourceAwaitedSince: number | undefined;
  /** Display names of the objects that were paused at the last reconcile. */
  paused: ReadonlySet<string> = new Set();
  /** Reasons of unhealthy objects that required a lookup at the destination. */
  healthReasons: HealthReasons | undefined;
  /** Blockers of deletions by object uid, with the monotonic time of the lookup. */
  readonly deletionHolders = new Map<string, { resourceVersion: string; at: number; text: string }>();
  /** Failed transfers during the deletion of the app: the reason by object uid. */
  readonly notHandedOver = new Map<string, string>();
  /** What to report as status of the newest commit, if the repository wants it. */
  commitReport: CommitReport | undefined;
  /** What to comment on pull requests about the last Change, if the repository wants it. */
  planComment: PlanComment | undefined;
  /** The pull request that carries tested versions to the app, if its Environment asks for one. */
  wantedPullRequest: WantedPullRequest | undefined;
  /** The same with what it was computed from. */
  proposed: { readonly of: string; readonly wanted: WantedPullRequest } | undefined;
  /** What this process has done about it; until then, the app's status has it. */
  pullRequest: PromotionPullRequest | null | undefined;
  /** The commit status that this process has last reported; until then, the app's status has it. */
  commitStatus: ReportedCommitStatus | undefined;
  /** Last Event by topic, so that each is emitted once. */
  lastEmitted = new Map<string, string>();
  /** Failures logged since the last success, so that each is logged once. */
  readonly loggedProblems = new Set<string>();

  /** Ends the backoff: the cause of the failure may be gone. */
  retryNow(): void {
    this.awaited = undefined;
    if (this.retry && !this.retry.terminal) this.retry = { ...this.retry, broughtForward: true };
  }

  /** Ends the backoff at a user's request, even after a terminal failure: the destination may accept the write now. */
  retryOnRequest(): void {
    this.failedRender = undefined;
    if (this.retry?.terminal) this.retry = undefined;
    else this.retryNow();
  }

  /** Drops all renders except those of these keys. */
  keepRenders(keys: readonly (string | undefined)[]): void {
    for (const key of this.renders.keys()) if (!keys.includes(key)) this.renders.delete(key);
  }
}
