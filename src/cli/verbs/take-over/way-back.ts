import { describeOwner } from "../../../migration/take-over/owner.js";
import type { Cluster } from "../../cluster/cluster.js";
import { shownName } from "../../connection/apps.js";
import { follow } from "../../connection/follow.js";
import type { LiveApp } from "../../connection/live.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import { print } from "../../terminal.js";
import { deadline } from "../wait/deadline.js";
import { storeOf } from "./group-take-over.js";
import { describeGroup } from "./groups.js";
import { LiveOwner } from "./live-owner.js";
import { isComplete, stateProblem } from "./state.js";
import type { TakeOverContext } from "./take-over-context.js";

/** Shown in the condition Ready of the app. */
const REASON = "overseer take-over --undo gave its objects back";

/**
 * Gives the objects back to the other tool: suspends the apps first, and then lets the tool go on, which marks its objects again.
 *
 * @throws CommandError if the tool's object is deleted already, or nothing was begun.
 */
export async function wayBack(context: TakeOverContext): Promise<void> {
  const { cluster, discovery, group, flags } = context;
  const store = storeOf(context, group.apps[0]);
  const state = await store.load();
  const what = describeOwner(group.owner);
  if (state === undefined) throw new CommandError("no take-over has begun: there is nothing to undo", EXIT.failed);
  const problem = stateProblem(state, group.owner, undefined);
  if (problem !== undefined) throw new CommandError(`Secret ${store.place} ${problem}`, EXIT.failed);
  if (isComplete(state, "detached"))
    throw new CommandError(
      `${what} is deleted already, so there is no way back: apply its manifest again after you have set deletionPolicy: Orphan and deleted the app. The manifest is in Secret ${store.place}`,
      EXIT.failed,
    );
  for (const app of group.apps) await suspend(cluster, app, flags.timeout);
  const isRestored = await new LiveOwner(cluster, discovery, group.owner).restore(state.saved);
  if (!isRestored)
    throw new CommandError(
      `${what} no longer exists, or is another one: apply its manifest again, and delete Secret ${store.place}, which has it. The apps are suspended`,
      EXIT.failed,
    );
  await store.remove();
  print(`${describeGroup(group)}: suspended; ${what} has its settings again\n`);
}

/** Suspends an app, and waits until the operator has seen that. */
async function suspend(cluster: Cluster, app: LiveApp, timeoutMs: number): Promise<void> {
  const { name, namespace = "" } = app.metadata;
  const target = { kind: KINDS.app, namespace, name };
  const { metadata } = await cluster.patch<LiveApp>(target, {
    spec: { suspend: true, suspendReason: REASON, suspendUntil: null },
  });
  const generation = metadata.generation ?? 0;
  for await (const live of follow<LiveApp>(cluster, target, deadline(timeoutMs).signal))
    if (live === undefined || (live.status?.observedGeneration ?? 0) >= generation) return;
  throw new CommandError(
    `${shownName(app)} is suspended, but the operator has not seen that: is it running? Run this again`,
    EXIT.timeout,
  );
}
