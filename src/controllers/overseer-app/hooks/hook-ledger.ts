import type { Change } from "../../../api/change.js";
import type { ConditionType } from "../../../api/conditions.js";
import type { HookRun } from "../../../api/hook.js";
import type { Moment } from "../app-memory.js";
import { flushChange, stageChange } from "../changes/change-record.js";
import { relevantKinds } from "../observe.js";
import type { AppRun } from "../run.js";
import { formatKind } from "../source/resource-kinds.js";
import { recordHookKinds } from "../status/record-kinds.js";
import { fieldsOf, writeStatus } from "../status/write-status.js";
import { elapsedSince } from "../sync/change-timer.js";

/** Where runs of hooks are recorded: in a Change, or in the status of an app that is being deleted. */
export interface HookLedger {
  /** Identifies what the hooks run for. */
  readonly uid: string;
  runs(): readonly HookRun[];
  /** Keeps runs in memory until `flush`. */
  stage(runs: readonly HookRun[]): void;
  /** Writes the staged runs. */
  flush(): Promise<void>;
  /** Records the kinds of all hooks before the first object of one is created. */
  recordKinds(): Promise<void>;
  /** Milliseconds since a point in the life of what the hooks run for; see `elapsedSince`. */
  elapsed(moment: Moment, written: string | undefined): number;
}

/** Records runs in a Change. */
export class ChangeLedger implements HookLedger {
  readonly #run: AppRun;
  /** The Change as last written. */
  change: Change;

  constructor(run: AppRun, change: Change) {
    this.#run = run;
    this.change = change;
  }

  get uid(): string {
    return this.change.metadata.uid;
  }

  runs(): readonly HookRun[] {
    return this.#run.staged?.update.hooks ?? this.change.status?.hooks ?? [];
  }

  stage(hooks: readonly HookRun[]): void {
    const { phase = "Applying" } = this.#run.staged?.update ?? this.change.status ?? {};
    stageChange(this.#run, this.change, { phase, hooks: [...hooks] });
  }

  async flush(): Promise<void> {
    this.change = await flushChange(this.#run, this.change);
  }

  recordKinds(): Promise<void> {
    return recordHookKinds(this.#run, this.change);
  }

  elapsed(moment: Moment, written: string | undefined): number {
    return elapsedSince(this.#run, this.change, moment, written);
  }
}

/** Records runs in `status.deletion` of an app that is being deleted. */
export class DeletionLedger implements HookLedger {
  readonly #run: AppRun;

  constructor(run: AppRun) {
    this.#run = run;
  }

  /** Each attempt has its own, so that the object of a failed run is not taken for it. */
  get uid(): string {
    const { attempt = 0 } = this.#run.status.deletion ?? {};
    return attempt === 0 ? this.#run.ref.uid : `${this.#run.ref.uid}.${attempt}`;
  }

  runs(): readonly HookRun[] {
    return this.#run.status.deletion?.hooks ?? [];
  }

  stage(runs: readonly HookRun[]): void {
    const { deletion = { phases: [] } } = this.#run.status;
    this.#run.status = { ...this.#run.status, deletion: { ...deletion, hooks: [...runs] } };
  }

  async flush(): Promise<void> {
    // The phases of the deletion describe what it waits for.
    const keep: readonly ConditionType[] = ["Ready", "Reconciling", "Synced", "Healthy"];
    this.#run.status = await writeStatus(this.#run, { fields: fieldsOf(this.#run.status), conditions: [], keep });
  }

  async recordKinds(): Promise<void> {
    const kinds = relevantKinds(this.#run).map(formatKind);
    this.#run.status = {
      ...this.#run.status,
      kinds: [...new Set([...(this.#run.status.kinds ?? []), ...kinds])].sort(),
    };
    await this.flush();
  }

  elapsed(moment: Moment, written: string | undefined): number {
    return elapsedSince(this.#run, { metadata: { uid: this.uid } }, moment, written);
  }
}
