import type { Change, PlannedAction } from "../../../api/change.js";
import type { HookRun } from "../../../api/hook.js";
import type { InputKeys } from "../../../api/inputs.js";
import type { Document } from "../../../manifest/document.js";
import type { Hook } from "../../../manifest/hook.js";
import { apiVersionOf, displayId, type ObjectKey } from "../../../manifest/object-id.js";
import type { WriteAction } from "../../../plan/actions.js";
import { findRun } from "../../../plan/hooks.js";
import type { Observation } from "../../../plan/live.js";
import { isUnwritten } from "../../../plan/plan.js";
import { type Barrier, barrierOf, type Waves, wavesOf } from "../../../plan/waves.js";
import { openChangeFor } from "../changes/change-record.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { documentHealth } from "../status/health.js";
import { parentApps } from "../status/parent-apps.js";
import { finishedDocuments } from "./finished-jobs.js";

/** Distance between the apply tiers of two waves: more than there are tiers. */
const TIERS = 10;

/** How far the waves of an app's documents have come. Judged by the current health, and by the plan of the Change. */
export class WaveProgress {
  readonly waves: Waves;
  readonly #run: AppRun;
  readonly #documents: readonly Document[];
  readonly #inputs: InputKeys;
  readonly #hooks: readonly Hook[];
  readonly #planned: ReadonlySet<string> | undefined;
  readonly #runs: readonly HookRun[] | undefined;

  /**
   * `plan`: the recorded plan of the Change; undefined if it is incomplete, so that every write may be part of it. `runs`: its hooks, if
   * it has ended; otherwise those of the open Change count.
   */
  constructor(
    run: AppRun,
    { inputs, documents, hooks = [] }: Pick<Rendered, "inputs" | "documents" | "hooks">,
    plan: readonly PlannedAction[] | undefined,
    runs?: readonly HookRun[],
  ) {
    this.#runs = runs;
    this.#run = run;
    this.#inputs = inputs;
    this.#hooks = hooks.filter(({ spec }) => spec.phases.includes("Sync"));
    this.#documents = documents;
    this.waves = wavesOf(documents);
    this.#planned = plan && unwrittenOf(plan);
  }

  waveOf(key: ObjectKey): number {
    return this.waves.get(key) ?? 0;
  }

  /** Returns the apply tier of a document across all waves. `tier`: its tier in its wave. */
  tierOf(key: ObjectKey, tier: number): number {
    return this.waveOf(key) * TIERS + tier;
  }

  /** Returns the first wave that is not complete. `unwritten` reports whether a document is still to be written. */
  barrier(unwritten: (key: ObjectKey) => boolean): Barrier | undefined {
    if (this.waves.size === 0 && this.#hooks.length === 0) return undefined;
    return this.whatIsNotHealthy(unwritten);
  }

  /** Like `barrier`, but all documents count as one wave if they have no waves. */
  whatIsNotHealthy(unwritten: (key: ObjectKey) => boolean = () => false): Barrier | undefined {
    const observation = observeApp(this.#run);
    const health = healthLookup(this.#run, this.#documents, observation);
    return barrierOf(this.#documents, this.waves, { unwritten, health, hookWave: this.hookWave() });
  }

  /** Returns the first wave with a Sync hook that has not succeeded. */
  hookWave(): number | undefined {
    const open = this.#hooks.length === 0 ? undefined : openChangeFor(this.#run, this.#inputs);
    const runs = this.#runs ?? this.#run.staged?.update.hooks ?? open?.status?.hooks ?? [];
    const left = this.#hooks.filter(({ document }) => findRun(runs, "Sync", document)?.state !== "Succeeded");
    return left.length === 0 ? undefined : Math.min(...left.map(({ spec }) => spec.wave));
  }

  /**
   * Reports whether a write waits for an earlier wave. A write that the Change has not planned restores what was changed since:
   * it never waits.
   */
  isLater(write: WriteAction, barrier: Barrier | undefined): boolean {
    return barrier !== undefined && this.waveOf(write.document.key) > barrier.wave && this.isPlanned(write);
  }

  /** Reports whether a write is part of the Change. */
  isPlanned({ document }: WriteAction): boolean {
    return this.#planned?.has(nameOf(document)) ?? true;
  }
}

/** Returns the plan of a Change if it lists all actions. */
export function wholePlan({
  status,
}: {
  readonly status?: Pick<NonNullable<Change["status"]>, "plan" | "omitted"> | undefined;
}): readonly PlannedAction[] | undefined {
  return (status?.omitted ?? 0) > 0 ? undefined : status?.plan;
}

/** Returns the writes of a plan that are not done yet. */
export function unwrittenOf(plan: readonly PlannedAction[]): ReadonlySet<string> {
  return new Set(plan.filter(isUnwritten).map(({ apiVersion, object }) => `${apiVersion} ${object}`));
}

/** Returns the name of a document's object as plans have it. */
export function nameOf({ id }: Document): string {
  return `${apiVersionOf(id)} ${displayId(id)}`;
}

function healthLookup(run: AppRun, documents: readonly Document[], observation: Observation) {
  const holders = parentApps(run);
  const finished = finishedDocuments(run, documents, observation);
  return (document: Document) => documentHealth(document, observation, holders, finished);
}
