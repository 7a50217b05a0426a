import type { Stage } from "./stage.js";

/** Names and values to print. */
export type Facts = readonly (readonly [string, string])[];

/** Result of a step. */
export interface StepResult {
  readonly ms: number;
  readonly facts: Facts;
}

/** One step of the demo. */
export interface Step<S extends Stage = Stage> {
  readonly title: string;
  run(stage: S, timeoutMs: number): Promise<StepResult>;
}
