import { call } from "./http.js";
import { makeOld } from "./query.js";
import type { ChangedEnvironment } from "./types.js";

/** A Change that an action has created. */
interface CreatedChange {
  readonly name: string;
}

/** What a user decides about a plan. */
export interface Decision {
  readonly verb: "approve" | "reject" | "withdraw";
  readonly planHash: string;
  readonly comment: string;
}

/** Requests a sync of an app. */
export function requestSync(namespace: string, name: string): Promise<CreatedChange> {
  return act(`apps/${namespace}/${name}`, "sync", {});
}

/** Requests a rollback of an app to the inputs of an earlier Change. */
export function requestRollback(namespace: string, name: string, change: string): Promise<CreatedChange> {
  return act(`apps/${namespace}/${name}`, "rollback", { change });
}

/** Requests the promotion of an app to a commit. */
export function requestPromotion(namespace: string, name: string, commit: string): Promise<CreatedChange> {
  return act(`apps/${namespace}/${name}`, "promote", { commit });
}

/** Freezes an Environment, and returns what is stored. `until` is a time in RFC 3339; empty for no end. */
export function freeze(name: string, reason: string, until: string): Promise<ChangedEnvironment> {
  return act(`environments/${name}`, "freeze", until === "" ? { reason } : { reason, until });
}

/** Removes the freeze of an Environment. */
export function unfreeze(name: string): Promise<unknown> {
  return act(`environments/${name}`, "unfreeze", undefined);
}

/** Asks for a comparison of an app with Git now. */
export function requestRefresh(namespace: string, name: string): Promise<unknown> {
  return act(`apps/${namespace}/${name}`, "refresh", undefined);
}

/** Asks for a poll of a repository now. */
export function requestPoll(namespace: string, name: string): Promise<unknown> {
  return act(`repositories/${namespace}/${name}`, "sync", undefined);
}

/** A repository to add. */
export interface NewRepository {
  readonly namespace: string;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Adds a repository. */
export async function addRepository(repository: NewRepository): Promise<unknown> {
  const result = await call("repositories", { method: "POST", body: repository });
  makeOld((path) => path.startsWith("repositories"));
  return result;
}

/** Suspends an app: nothing is synced or reverted. */
export function suspend(namespace: string, name: string, reason: string): Promise<unknown> {
  return act(`apps/${namespace}/${name}`, "suspend", reason === "" ? {} : { reason });
}

/** Ends the suspension of an app. */
export function resume(namespace: string, name: string): Promise<unknown> {
  return act(`apps/${namespace}/${name}`, "resume", undefined);
}

/** Decides about the plan of a Change. The server refuses a hash that is not the current one. */
export function decide(namespace: string, change: string, { verb, planHash, comment }: Decision): Promise<unknown> {
  return act(`changes/${namespace}/${change}`, verb, comment === "" ? { planHash } : { planHash, comment });
}

/** Lists that an action may change, with all that is below them. */
const LISTS = ["apps", "changes", "repositories", "environments"];

async function act<T>(path: string, verb: string, body: unknown): Promise<T> {
  const result = await call<T>(`${path}/${verb}`, { method: "POST", ...(body === undefined ? {} : { body }) });
  makeOld((one) => LISTS.some((list) => one.startsWith(list)));
  return result;
}
