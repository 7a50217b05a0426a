import { findCondition } from "../../../api/conditions.js";
import { isShownSuspended } from "../../../api/suspension.js";
import { systemClock } from "../../../base/clock.js";
import { Discovery } from "../../../kube/discovery.js";
import { describeOwner, type OwnerObject } from "../../../migration/take-over/owner.js";
import { activityOf } from "../../../migration/take-over/progress.js";
import { changedObjects, compare } from "../../../migration/take-over/snapshot.js";
import { shownName } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import { print, say } from "../../terminal.js";
import { describeGroup, finalSpec } from "./groups.js";
import { judgeGroup } from "./judge-group.js";
import { LiveOwner } from "./live-owner.js";
import { type PlanObjects, takeSnapshot } from "./live-snapshot.js";
import { pollRepositories } from "./poll-repositories.js";
import { hideRelease, releaseHint } from "./release-secrets.js";
import { isComplete, StateStore, type Step, stateProblem, type TakeOverState } from "./state.js";
import { requestSync } from "./sync-apps.js";
import type { TakeOverContext } from "./take-over-context.js";

/** How often a plan is made anew while its objects change. */
const MAX_PLANS = 3;

/**
 * Takes over the objects of one object of another tool, step by step. Each step can be repeated, and is recorded when it is complete, so that
 * the command goes on where it was stopped.
 */
export class GroupTakeOver {
  readonly #context: TakeOverContext;
  readonly #owner: LiveOwner;
  readonly #store: StateStore;
  /** Objects of the plan of this run. */
  #planned: PlanObjects | undefined;

  constructor(context: TakeOverContext) {
    const [first] = context.group.apps;
    this.#context = context;
    this.#owner = new LiveOwner(context.cluster, context.discovery, context.group.owner);
    this.#store = storeOf(context, first);
  }

  /**
   * Runs all steps that are not complete.
   *
   * @throws CommandError where it cannot go on.
   */
  async run(): Promise<void> {
    const { flags, group } = this.#context;
    this.#check();
    const known = await this.#knownState();
    // Until the other tool is paused, it may write at any time: an earlier plan is not relied on.
    const isBegun = known !== undefined && (isComplete(known, "paused") || (await this.#owner.isPaused()));
    const begun = isBegun ? known : undefined;
    let state = begun === undefined || flags.dryRun === true ? await this.#plan(begun) : begun;
    if (flags.dryRun === true) return;
    const steps: readonly (readonly [Step, (state: TakeOverState) => Promise<TakeOverState>])[] = [
      ["paused", (one) => this.#pause(one)],
      ["adopted", (one) => this.#adopt(one)],
      ["detached", (one) => this.#detach(one)],
      ["done", (one) => this.#arm(one)],
    ];
    for (const [step, work] of steps) {
      if (flags.until !== undefined && isComplete(state, flags.until)) break;
      if (isComplete(state, step)) continue;
      state = { ...(await work(state)), step };
      await this.#store.save(state);
    }
    print(`${describeGroup(group)}: ${state.step}\n`);
  }

  /** Returns the state that was saved, which must be of this take-over. */
  async #knownState(): Promise<TakeOverState | undefined> {
    const state = await this.#store.load();
    const problem =
      state === undefined ? undefined : stateProblem(state, this.#context.group.owner, await this.#owner.get());
    if (problem !== undefined)
      throw new CommandError(
        `Secret ${this.#store.place} ${problem}: delete the Secret if nothing of that take-over is left to be done or undone, and run this again`,
        EXIT.failed,
      );
    return state;
  }

  #check(): void {
    for (const app of this.#context.group.apps) {
      finalSpec(app, this.#context.group);
      const isRemote = app.spec.destination.kubernetes?.kubeConfigSecretRef !== undefined;
      if (isRemote && this.#context.target === undefined)
        throw new CommandError(
          `the objects of ${shownName(app)} are in another cluster: name a kubeconfig for it with --target-kubeconfig, so that they can be compared`,
          EXIT.failed,
        );
      if (isShownSuspended(app.spec, findCondition(app.status?.conditions, "Ready")?.reason))
        throw new CommandError(
          `${shownName(app)} is suspended: resume it with "overseer resume", and run this again`,
          EXIT.failed,
        );
    }
  }

  /** Looks at everything before anything is changed. `known` is the state of a take-over that has begun. */
  async #plan(known: TakeOverState | undefined): Promise<TakeOverState> {
    const { group } = this.#context;
    const saved = known?.saved ?? (await this.#liveOwner());
    if (known === undefined) await this.#owner.checkParents(saved);
    this.#planned = await judgeGroup(this.#context, saved, "before");
    const state: TakeOverState = known ?? { step: "planned", owner: group.owner, saved };
    if (this.#context.flags.dryRun !== true && known === undefined) {
      await this.#store.save(state);
      say(`${describeGroup(group)}: planned; the state is in Secret ${this.#store.place}`);
    }
    return state;
  }

  async #liveOwner(): Promise<OwnerObject> {
    const { owner } = this.#context.group;
    const live = await this.#owner.get();
    if (live === undefined)
      throw new CommandError(
        `there is no ${describeOwner(owner)}: sync the app with "overseer sync", and set its final sync policy in Git`,
        EXIT.notAllowed,
      );
    if (live.metadata.deletionTimestamp !== undefined)
      throw new CommandError(
        `${describeOwner(owner)} is being deleted: stop that, or its objects are deleted too`,
        EXIT.failed,
      );
    const activity = owner.kind === "Application" ? activityOf(owner, live) : undefined;
    if (activity !== undefined)
      throw new CommandError(
        `${describeOwner(owner)} is syncing: ${activity}. Wait for its end, and run this again`,
        EXIT.failed,
      );
    return live;
  }

  async #pause(state: TakeOverState): Promise<TakeOverState> {
    await this.#owner.checkParents(state.saved);
    await this.#owner.pause(state.saved);
    await this.#owner.paused(state.saved);
    say(`${describeOwner(state.owner)}: paused`);
    return state;
  }

  /**
   * Plans again when the other tool has ended what it had begun, on the newest commit and on objects that do not change meanwhile: what was
   * planned before the pause may be outdated.
   */
  async #settledPlan(saved: OwnerObject): Promise<ReturnType<typeof takeSnapshot>> {
    const { cluster, group, flags } = this.#context;
    const owner = (await this.#owner.idle(saved, flags.timeout)) ?? saved;
    await pollRepositories(cluster, group.apps, flags.timeout);
    let existing = this.#planned ?? (await judgeGroup(this.#context, owner, "again"));
    for (let tries = 0; ; tries++) {
      const before = await this.#snapshot(existing);
      existing = await judgeGroup(this.#context, owner, "again");
      const after = await this.#snapshot(existing);
      const changed = changedObjects(before.versions, after.versions);
      if (changed.length === 0) return after;
      if (tries === MAX_PLANS)
        throw new CommandError(
          `nothing was adopted, because objects change while they are planned: ${changed.join(", ")}. Stop what writes them, and run this again`,
          EXIT.failed,
        );
    }
  }

  async #adopt(paused: TakeOverState): Promise<TakeOverState> {
    const { group, cluster, requester, flags } = this.#context;
    const { objects: planned } = await this.#settledPlan(paused.saved);
    let state = paused;
    if (state.before === undefined) {
      state = { ...state, before: planned };
      await this.#store.save(state);
    }
    for (const app of group.apps)
      await requestSync(cluster, app, {
        requester,
        timeout: flags.timeout,
        quiet: flags.quiet === true,
        dryRun: false,
      });
    await this.#owner.idle(state.saved, flags.timeout);
    const before = state.before ?? {};
    // Not by the plan, which is empty after a crash during the sync.
    const known = new Map(Object.entries(before).map(([name, { apiVersion }]) => [name, apiVersion]));
    const { objects: after, marked } = await this.#snapshot(known);
    const { faults, notes, objects, pods } = compare(before, after);
    for (const note of notes) say(`note: ${note}`);
    if (faults.length > 0)
      throw new CommandError(
        `the objects are no longer the same, so ${describeOwner(group.owner)} stays: ${faults.join("; ")}. Go back with --undo`,
        EXIT.failed,
      );
    if (marked.length > 0)
      throw new CommandError(
        `objects still bear marks of the other tool, so ${describeOwner(group.owner)} stays: ${marked.join(", ")}. Remove the marks from Git, or stop what sets them, and run this again`,
        EXIT.failed,
      );
    await this.#owner.paused(state.saved);
    say(`${describeGroup(group)}: adopted; ${objects} objects and ${pods} pods are the same as before`);
    return state;
  }

  #snapshot(existing: PlanObjects): ReturnType<typeof takeSnapshot> {
    const { cluster, discovery, target } = this.#context;
    return target === undefined
      ? takeSnapshot(cluster, discovery, existing)
      : takeSnapshot(target, new Discovery(target.client, systemClock), existing);
  }

  async #detach(state: TakeOverState): Promise<TakeOverState> {
    const { cluster, group, flags } = this.#context;
    await this.#owner.checkParents(state.saved);
    await this.#owner.idle(state.saved, flags.timeout);
    await this.#owner.remove(state.saved);
    say(`${describeOwner(state.owner)}: deleted, without its objects`);
    const [app] = group.apps;
    const hidden =
      app === undefined ? 0 : await hideRelease(this.#context.target ?? cluster, state.owner, state.saved, app);
    if (hidden > 0) say(`note: ${releaseHint(state.owner, state.saved, hidden)}`);
    return state;
  }

  /** Gives the apps their final policy. */
  async #arm(state: TakeOverState): Promise<TakeOverState> {
    const { cluster, group } = this.#context;
    for (const app of group.apps) {
      const { name, namespace = "" } = app.metadata;
      const spec = finalSpec(app, group);
      await cluster.patch<LiveApp>({ kind: KINDS.app, namespace, name }, { spec });
      const fields = [
        ...Object.entries(spec.sync).map(([key, value]) => `sync.${key}: ${String(value)}`),
        `deletionPolicy: ${spec.deletionPolicy}`,
      ];
      say(`${shownName(app)}: set ${fields.join(", ")}. Write the same into Git`);
    }
    return state;
  }
}

/** The state of a group, with its first app. */
export function storeOf({ cluster }: Pick<TakeOverContext, "cluster">, first: LiveApp | undefined): StateStore {
  return new StateStore(cluster, { namespace: first?.metadata.namespace ?? "", name: first?.metadata.name ?? "" });
}
