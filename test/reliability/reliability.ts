import { parseArgs } from "node:util";
import { runRandomFaults } from "./faults/random-faults.js";
import { runHostileInputs } from "./hostile/hostile-inputs.js";
import type { ReaderResult } from "./hostile/run-inputs.js";

/** `make reliability`: prints figures, and each fault with what repeats it. Exits with 1 if there is any. */
const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "100000" },
    faults: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    episode: { type: "string" },
  },
});
const seed = Number(values.seed);
const problems: string[] = [];

if (Number(values.inputs) > 0) {
  const { results, faults, peakRss } = await runHostileInputs(
    { inputs: Number(values.inputs), seed, only: values.only },
    (result) => console.log(formatReader(result)),
  );
  const sum = (pick: (result: ReaderResult) => number): number => results.reduce((all, one) => all + pick(one), 0);
  const [inputs, refused] = [sum((one) => one.inputs), sum((one) => one.refused)];
  console.log(
    `${inputs} inputs to ${results.length} readers, ${refused} refused, at most ${mib(peakRss)}, seed ${seed}`,
  );
  problems.push(...faults);
}
if (Number(values.faults) > 0) {
  const only = values.episode === undefined ? undefined : Number(values.episode);
  const result = await runRandomFaults(Number(values.faults), seed, only);
  for (const [kind, count] of [...result.fired].sort()) console.log(`${kind.padEnd(28)} ${String(count).padStart(7)}`);
  const fired = [...result.fired.values()].reduce((all, one) => all + one, 0);
  console.log(`${fired} faults during ${result.operations} operations in ${result.episodes} episodes, seed ${seed}`);
  problems.push(...result.problems.map((problem) => `episode ${problem}`));
}
for (const problem of problems) console.log(`PROBLEM ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function formatReader({ name, inputs, refused, slowestMs, kept }: ReaderResult): string {
  const counts = `${String(inputs).padStart(7)} inputs ${String(refused).padStart(7)} refused`;
  return `${name.padEnd(28)} ${counts}, at most ${Math.round(slowestMs)} ms, keeps ${mib(kept)}`;
}

function mib(bytes: number): string {
  return `${Math.max(0, Math.round(bytes / 2 ** 20))} MiB`;
}
