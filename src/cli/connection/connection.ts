import type { Environment } from "../../api/environment.js";
import type { FreezeSpec } from "../../api/environment-freeze.js";
import type { WholePlan } from "../../api/rest/changes.js";
import type { RawObject } from "../../kube/object.js";
import type { Kind } from "../kinds.js";
import type { Target } from "../target.js";
import type { LogFilter, LogRange, LogSource, LogSources, PushedSecretRow, SecretValues } from "./extras.js";
import type { LiveApp, LiveApproval, LiveChange } from "./live.js";

/** A list that the API server has formatted. */
export interface ServerTable {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: RawObject }[];
}

/** A list of objects. */
export interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

/** A place of objects: a namespace, or all, and a selector of labels. */
export interface Scope {
  /** Empty: all namespaces. */
  readonly namespace: string;
  readonly selector?: string | undefined;
  readonly fields?: string | undefined;
  /** Number of objects at most. */
  readonly limit?: number;
}

/** One event of a watch. */
export interface WatchLine<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** Where a watch begins. */
export interface WatchStart extends Scope {
  readonly resourceVersion: string;
  /** The events have Tables instead of objects. */
  readonly asTable?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called when the server has accepted the watch, which may be long before its first event. */
  readonly onOpen?: (() => void) | undefined;
}

/** Reads the objects that commands are about, with the rights of the user. */
export interface Reader {
  /** Namespace of the flags, or else the default. */
  readonly namespace: string;
  namespaceOf(target: Pick<Target, "namespace">): string;
  /** Returns an object. Throws a CommandError with the nearest name if there is none. */
  get<T = RawObject>(target: Target): Promise<T>;
  /** Returns an object; undefined if there is none, or it may not be read. */
  find<T = RawObject>(target: Target): Promise<T | undefined>;
  /** Lists objects. */
  list<T = RawObject>(kind: Kind, scope: Scope): Promise<ObjectList<T>>;
  /** Lists objects as the API server formats them. */
  table(kind: Kind, scope: Scope): Promise<ServerTable>;
  /** Watches objects until the server ends the watch. */
  watch<T>(kind: Kind, start: WatchStart): AsyncGenerator<WatchLine<T>>;
}

/** Who the API server takes the user of the command line for. */
export interface Identity {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string;
}

/** A Change that a user requests. */
export interface ChangeRequest {
  readonly cause: "Sync" | "Rollback" | "Promotion";
  readonly rollbackTo?: { readonly change: string; readonly uid: string };
  readonly promote?: { readonly commit: string };
  readonly dryRun?: boolean;
  /** What the request is for: part of the name of the Change. */
  readonly purpose?: string;
}

/** A decision of a user about the plan of a Change. */
export interface DecisionRequest {
  readonly decision: LiveApproval["spec"]["decision"];
  readonly planHash: string;
  readonly comment?: string | undefined;
}

/** A permission that is asked for. */
export interface Question {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name?: string | undefined;
}

/** An object of an app with what controllers made of it. */
export interface TreeNode {
  readonly kind: string;
  readonly group: string;
  readonly namespace?: string;
  readonly name: string;
  readonly health: string;
  readonly message?: string;
  readonly created?: string;
  readonly children: readonly TreeNode[];
}

/** The live objects of an app, and why some may be missing. */
export interface AppTree {
  readonly nodes: readonly TreeNode[];
  readonly gaps: readonly string[];
}

/** The way of a command to the operator: the API server of a kubeconfig, or the REST API. Both act as the user. */
export interface Connection extends Reader {
  /** Where it leads, for people: a context and a server. */
  readonly place: { readonly context?: string | undefined; readonly server: string };
  whoAmI(): Promise<Identity>;
  isAllowed(question: Question): Promise<boolean>;
  /** Creates a Change. */
  requestChange(app: Target, request: ChangeRequest): Promise<LiveChange>;
  /** Creates an Approval. */
  decide(change: LiveChange, request: DecisionRequest): Promise<LiveApproval>;
  /** Returns the whole plan of a Change that does not show it itself; undefined over a kubeconfig, since only the REST API has it. */
  wholePlan(change: LiveChange): Promise<WholePlan | undefined>;
  /** Requests a reconcile of an app or repository, and returns the value that the status repeats when it was handled. */
  requestReconcile(target: Target): Promise<string>;
  /** Suspends an app, for a reason and until a time (RFC 3339) if they are set, or resumes it. */
  setSuspended(app: Target, suspend: boolean, reason?: string, until?: string): Promise<LiveApp>;
  /** Sets or removes the freeze of an Environment. */
  setFreeze(environment: Target, freeze: FreezeSpec | null): Promise<Environment & RawObject>;
  /** Returns the live objects of an app. */
  treeOf(app: LiveApp): Promise<AppTree>;
  /** Returns the containers of the pods of an app. */
  logSources(app: LiveApp, filter: LogFilter): Promise<LogSources>;
  /** How many logs can be followed at the same time; undefined: all. */
  readonly mostFollowed?: number;
  /** Yields the lines of the log of a container. */
  log(app: LiveApp, source: LogSource, range: LogRange): AsyncIterable<string>;
  /** Sets a Secret that is kept out of Git, in the namespace of the connection. Returns its keys that were set to another value, or all that were given if that is not known. */
  setSecret(values: SecretValues): Promise<readonly string[]>;
  /** Lists the Secrets that are kept out of Git. Empty: of all namespaces. */
  pushedSecrets(namespace: string): Promise<readonly PushedSecretRow[]>;
  /** Requests a test message of a NotificationChannel, and returns the value that its status repeats. */
  requestTest(channel: Target): Promise<string>;
  close(): Promise<void>;
}
