import type { OperatorProcess } from "../../test/support/operator-process.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { Environment } from "../environment.js";
import { OperatorCounts } from "../operator-counts.js";
import { memoryMb, untilQuiet } from "../process-usage.js";

/** What a start costs where everything is as it should be. */
export interface RestartRun {
  /** Until the operator is ready, and until it has looked at all apps. */
  readonly readySeconds: number;
  readonly settledSeconds: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  /** Objects and custom resources that are another version afterwards. A look is an apply, too, but writes nothing. */
  readonly writes: number;
  readonly rssMb: number;
}

/** Ends an operator and starts another one on the same estate, with an empty cache as in a new pod. */
export async function measureRestart(
  environment: Environment,
  operator: OperatorProcess,
): Promise<RestartRun & { readonly next: OperatorProcess }> {
  await environment.stopOperator(operator);
  const before = await environment.versions();
  const started = performance.now();
  const next = await environment.startOperator("restart");
  const readySeconds = (performance.now() - started) / 1000;
  const counts = new OperatorCounts(next);
  await waitUntil({ what: "all apps were looked at", timeoutMs: 300_000, intervalMs: 200 }, async () => {
    return (await counts.read("cpu-first")).reconciles >= environment.scale.apps;
  });
  await untilQuiet(next.pid, { timeoutMs: 300_000 });
  const settledSeconds = (performance.now() - started) / 1000;
  const { cpuSeconds, requests } = await counts.read("cpu-first");
  const rssMb = memoryMb(next.pid, "now");
  const after = await environment.versions();
  const known = new Set([...before.keys(), ...after.keys()]);
  const writes = [...known].filter((key) => before.get(key) !== after.get(key)).length;
  return { readySeconds, settledSeconds, cpuSeconds, requests, writes, rssMb, next };
}
