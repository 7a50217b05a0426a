import type { Stage } from "./stage.js";

/** Names and what there is to say of them. */
export type Facts = readonly (readonly [string, string])[];

/** What a step came to. */
export interface StepResult {
  readonly ms: number;
  readonly seen: Facts;
}

/** One of the things that the demo shows. */
export interface Step<S extends Stage = Stage> {
  readonly title: string;
  run(stage: S, timeoutMs: number): Promise<StepResult>;
}
