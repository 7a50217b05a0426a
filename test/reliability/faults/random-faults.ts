import { runEpisode } from "./episode.js";
import type { FaultKind } from "./fault-injector.js";

/** What all episodes came to. */
export interface FaultsResult {
  readonly episodes: number;
  readonly operations: number;
  /** Faults that fired, by kind. */
  readonly fired: ReadonlyMap<FaultKind, number>;
  /** `episode: problem`. */
  readonly problems: readonly string[];
}

/** Runs episodes until `count` faults have fired. Episode `n` of a seed can be repeated alone. */
export async function runRandomFaults(count: number, seed: number, only?: number): Promise<FaultsResult> {
  const fired = new Map<FaultKind, number>();
  const problems: string[] = [];
  let [episodes, operations, total] = [0, 0, 0];
  for (let number = only ?? 0; total < count && (only === undefined || number === only); number++) {
    const result = await runEpisode(Math.imul(seed, 1_000_003) + number);
    episodes++;
    operations += result.operations;
    for (const [kind, times] of result.fired) {
      fired.set(kind, (fired.get(kind) ?? 0) + times);
      total += times;
    }
    problems.push(...result.problems.map((problem) => `${number}: ${problem}`));
  }
  return { episodes, operations, fired, problems };
}
