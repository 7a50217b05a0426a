import { findCondition } from "../../../api/conditions.js";
import { isShownSuspended } from "../../../api/suspension.js";
import { systemClock } from "../../../base/clock.js";
import { Discovery } from "../../../kube/discovery.js";
import { judgeLeft, judgePlan } from "../../../migration/take-over/judge-plan.js";
import { describeOwner, inventoryOf, type OwnerObject } from "../../../migration/take-over/owner.js";
import { compare } from "../../../migration/take-over/snapshot.js";
import type { Cluster } from "../../cluster/cluster.js";
import { shownName } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import { print, say } from "../../terminal.js";
import { describeGroup, finalSpec, type Group } from "./groups.js";
import { LiveOwner } from "./live-owner.js";
import { existingObjects, type PlanObjects, takeSnapshot } from "./live-snapshot.js";
import { hideRelease, releaseHint } from "./release-secrets.js";
import { isComplete, StateStore, type Step, stateProblem, type TakeOverState } from "./state.js";
import { requestSync } from "./sync-apps.js";
import type { TakeOverFlags } from "./take-over-flags.js";

/** What the steps of a take-over work with. */
export interface TakeOverContext {
  readonly cluster: Cluster;
  readonly discovery: Discovery;
  /** Cluster of the objects, if that is another one. */
  readonly target: Cluster | undefined;
  readonly group: Group;
  readonly requester: string;
  readonly flags: TakeOverFlags;
}

/** The plans of all apps of a group. */
interface JudgedPlans {
  readonly existing: PlanObjects;
  readonly objects: ReadonlySet<string>;
  /** Objects that do not exist yet. */
  readonly created: readonly string[];
}

/**
 * Takes over the objects of one object of another tool, step by step. Each step can be repeated, and is recorded when it is complete, so that
 * the command goes on where it was stopped.
 */
export class GroupTakeOver {
  readonly #context: TakeOverContext;
  readonly #owner: LiveOwner;
  readonly #store: StateStore;

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
    let state = await this.#knownState();
    if (state === undefined || flags.dryRun === true) state = await this.#plan(state);
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

  /** Looks at everything before anything is changed. */
  async #plan(known: TakeOverState | undefined): Promise<TakeOverState> {
    const { group } = this.#context;
    const saved = known?.saved ?? (await this.#liveOwner());
    if (known === undefined) await this.#owner.checkParents(saved);
    const plans = await this.#judge(true);
    const left = inventoryOf(group.owner, saved).filter((object) => !plans.objects.has(object));
    const { doubled, harmless } = judgeLeft(left, plans.created);
    if (doubled.length > 0)
      throw new CommandError(
        `nothing was changed, because objects of ${describeOwner(group.owner)} are not in ${describeGroup(group)}, which would create others of these kinds beside them: ${doubled.join(", ")}. Make the names equal first, for example by source.helm.releaseName, or remove these objects by the other tool`,
        EXIT.failed,
      );
    for (const object of harmless)
      say(
        `note: ${object} belongs to ${describeOwner(group.owner)}, but is not in ${describeGroup(group)}: it will remain, and no app will manage it`,
      );
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
    if (live.operation !== undefined)
      throw new CommandError(`${describeOwner(owner)} is syncing: wait for its end, and run this again`, EXIT.failed);
    return live;
  }

  /** Plans all apps, and fails if a plan would replace a pod, re-create or delete anything. */
  async #judge(isPrinted: boolean): Promise<JudgedPlans> {
    const { cluster, group, requester, flags } = this.#context;
    const plans = [];
    const stops: string[] = [];
    const created: string[] = [];
    for (const app of group.apps) {
      const options = { requester, timeout: flags.timeout, quiet: flags.quiet === true, dryRun: true };
      const { status } = await requestSync(cluster, app, options);
      const judged = judgePlan(status ?? {});
      plans.push(status?.plan ?? []);
      created.push(...(judged.classes.create ?? []));
      stops.push(...judged.stops.filter((stop) => flags.runHooks !== true || !/: a hook would run$/.test(stop)));
      if (!isPrinted) continue;
      const counts = Object.entries(judged.classes).map(
        ([found, objects]) => `${objects.length} ${CLASS_NAMES[found] ?? found}`,
      );
      print(`${shownName(app)}: ${counts.length === 0 ? "nothing to change" : counts.join(", ")}\n`);
      if (judged.updatedDefinitions.length > 0)
        say(
          `note: definitions that are updated: ${judged.updatedDefinitions.join(", ")}. Compare their versions with what is installed, or leave them as they are with source.helm.skipCrds`,
        );
      if (judged.removedLabels.length > 0)
        say(
          `note: labels that go: ${judged.removedLabels.join(", ")}. Check what selects by them, for example ServiceMonitors`,
        );
    }
    if (stops.length > 0)
      throw new CommandError(
        `nothing was ${isPrinted ? "changed" : "adopted"}, because pods would be replaced or deleted, or objects re-created or deleted:\n${stops.map((stop) => `  ${stop}`).join("\n")}\nMake Git and the live objects equal first${stops.some((stop) => stop.endsWith("a hook would run")) ? ", or let hooks run with --run-hooks" : ""}`,
        EXIT.failed,
      );
    return { existing: existingObjects(plans), objects: new Set(plans.flat().map(({ object }) => object)), created };
  }

  async #pause(state: TakeOverState): Promise<TakeOverState> {
    await this.#owner.checkParents(state.saved);
    const live = await this.#owner.get();
    if (live !== undefined) await this.#owner.pause(live);
    await this.#owner.paused(state.saved);
    say(`${describeOwner(state.owner)}: paused`);
    return state;
  }

  async #adopt(paused: TakeOverState): Promise<TakeOverState> {
    const { group, cluster, requester, flags } = this.#context;
    await this.#owner.paused(paused.saved);
    const { existing } = await this.#judge(false);
    let state = paused;
    if (state.before === undefined) {
      state = { ...state, before: (await this.#snapshot(existing)).objects };
      await this.#store.save(state);
    }
    for (const app of group.apps)
      await requestSync(cluster, app, {
        requester,
        timeout: flags.timeout,
        quiet: flags.quiet === true,
        dryRun: false,
      });
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
    const { cluster, group } = this.#context;
    await this.#owner.checkParents(state.saved);
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

const CLASS_NAMES: Readonly<Record<string, string>> = {
  equal: "equal",
  metadata: "with other metadata",
  fields: "with other fields",
  create: "to create",
  restart: "whose pods would be replaced",
  scale: "whose pods would become fewer",
  immutable: "to re-create",
  delete: "to delete",
  hook: "to run as hooks",
};

/** The state of a group, with its first app. */
export function storeOf({ cluster }: Pick<TakeOverContext, "cluster">, first: LiveApp | undefined): StateStore {
  return new StateStore(cluster, { namespace: first?.metadata.namespace ?? "", name: first?.metadata.name ?? "" });
}
