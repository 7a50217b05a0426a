import type { ChangeCause, PlannedAction } from "../api/change.js";
import type { Environment } from "../api/environment.js";
import type { GitRepository } from "../api/git-repository.js";
import type { Inputs } from "../api/inputs.js";
import type { OverseerApp } from "../api/overseer-app.js";
import type { Authors } from "./authors.js";
import type { DestinationPlace, PlacedObject } from "./environments.js";
import type { HostFacts } from "./hosts/host-facts.js";
import type { Proof } from "./promotion/eligibility.js";
import type { Approver } from "./quorum.js";
import type { RolloutSlots } from "./rollout-slots.js";

/** Kinds that a gate may list and whose events may make it judge again, by name. */
export interface WatchedKinds {
  readonly OverseerApp: OverseerApp;
  readonly GitRepository: GitRepository;
  readonly Environment: Environment;
}
/** Name of a watched kind. */
export type WatchedKind = keyof WatchedKinds;

/** Reads the objects of watched kinds from the caches of the operator. Sends no request. */
export interface Lister {
  /**
   * Returns the object with the key `namespace/name`, or `name` for an Environment; undefined if it does not exist. Throws MissingFactError if that cannot be
   * known: the kind has not been listed completely, or the namespace is not watched.
   */
  get<K extends WatchedKind>(kind: K, key: string): WatchedKinds[K] | undefined;
  /** Returns all objects of a kind. Throws MissingFactError if the kind has not been listed completely. */
  list<K extends WatchedKind>(kind: K): Iterable<WatchedKinds[K]>;
  /**
   * Returns the newest commit whose inputs an app has applied, even if the commit did not change them; undefined if the app has not
   * processed its newest commit.
   */
  appliedCommit(app: OverseerApp): string | undefined;
}

/** A repository that the content of an app's repository names, and that the app reads. */
export interface RelatedRepositoryFact {
  readonly url: string;
  readonly kind: "remote base" | "submodule";
  /** Where it is named. */
  readonly place: string;
}

/** The plan of a Change, as its status shows it. */
export interface PlanFacts {
  /** Hash of the plan. Equal plans have equal hashes. */
  readonly planHash?: string | undefined;
  /** For example `+3 ~2 -1`. */
  readonly summary?: string | undefined;
  readonly plan?: readonly PlannedAction[] | undefined;
  /** What the status cannot show of the plan, if so. */
  readonly planIncomplete?: string | undefined;
}

/** What the destination knows about the plan. A fact that is undefined is not known. */
export interface DestinationFacts {
  /** Deletions of the plan that require approval, if any. */
  readonly deletions: { readonly needingApproval: string | undefined } | undefined;
  /** References of the documents that do not exist at the destination, with the place of each. */
  readonly missing: readonly { readonly what: string; readonly where: string }[] | undefined;
  /** Objects that the plan writes, deletes or transfers, and where they are. */
  readonly placed: { readonly place: DestinationPlace; readonly objects: readonly PlacedObject[] } | undefined;
}

/** The request of a user that a Change carries out. */
export interface UserRequest {
  readonly requester: string;
  /** Returns why the requester is not proven; undefined if it is. Sends requests. */
  readonly doubt: () => Promise<string | undefined>;
}

/** What users have decided about the plan of a Change. */
export interface Decisions {
  /** The user who permits the plan, if one does. */
  readonly approvedBy: string | undefined;
  /** Users who permit the plan, each once, with the groups that were proven. */
  readonly approvers: readonly Approver[];
  /** The user who has let the plan through by break-glass, if one has. */
  readonly brokenBy: string | undefined;
  /** Why decisions for this Change do not count, if there are only such; for messages. */
  readonly uncounted: string | undefined;
  /** Who has rejected the plan, and why, if a user has. */
  readonly rejection: string | undefined;
}

/** Everything that a gate may base its verdict on. Read-only. */
export interface GateContext {
  readonly app: OverseerApp;
  /** Whether the status of the app has inputs that the operator has not signed: they are not those of `app`. */
  readonly isStatusUnsigned: boolean;
  /** The inputs of the Change. */
  readonly inputs: Inputs;
  /** Whether the GitRepository still has the URL from which the files were read. */
  readonly repositoryIsCurrent: boolean | undefined;
  /** Returns the repositories that the inputs are read from besides that of the app. Throws MissingFactError if that cannot be known. */
  readonly relatedRepositories: () => Promise<readonly RelatedRepositoryFact[]>;
  /** The commit that the app's ref resolves to. It may be newer than that of the inputs, if it did not change them. */
  readonly commit: string | undefined;
  /** Whether the Change has begun to write. */
  readonly started: boolean;
  readonly cause: ChangeCause;
  /** Undefined for a Change that the operator created by itself. */
  readonly request: UserRequest | undefined;
  /** Undefined if not known. */
  readonly approvals: Decisions | undefined;
  /** Returns the authors of the Change as an Environment knows them; undefined if it does not forbid their approvals. May send requests. */
  readonly authorsFor: (environment: Environment) => Promise<Authors | undefined>;
  readonly plan: PlanFacts;
  /**
   * Returns what of the documents is another each time they are rendered; undefined if nothing is. Renders the inputs a second time, once
   * per process: call it only if users have to decide about the plan.
   */
  readonly unrepeatable: () => Promise<string | undefined>;
  /** Whether the earlier Environments have tested the inputs. Undefined if not known, or if there are none. */
  readonly promotion: Proof | undefined;
  /** Returns what the Change brings into an Environment that no earlier one has tested, if that is asked for; undefined if nothing. */
  readonly ownChangesIn: (environment: Environment) => Promise<string | undefined>;
  /** Places for apps that apply a Change. Undefined if not known. */
  readonly rollout: RolloutSlots | undefined;
  /** Returns the admission policies and bindings in the local cluster that concern our kinds, as `kind/name`. Sends requests. */
  readonly ownPolicies: () => Promise<ReadonlySet<string>>;
  /** What the Git host tells; undefined if there is none to ask. Its methods may send requests. */
  readonly host: HostFacts | undefined;
  readonly destination: DestinationFacts;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly lister: Lister;
  /** Aborted when the operator stops. */
  readonly signal: AbortSignal;
}

/** A fact that a verdict needs is not known. The gate waits, and is judged again later. */
export class MissingFactError extends Error {}

/** Returns a fact. Throws MissingFactError if it is not known. */
export function known<T>(fact: T | undefined, name: string): T {
  if (fact === undefined) throw new MissingFactError(`${name} is not known yet`);
  return fact;
}
