import { PromotionWalk } from "./promotion-walk.js";
import { RandomWalk } from "./random-walk.js";

/** Longest time until live is as in Git after the last disturbance, on a machine with nothing else to do. */
const SETTLE_SECONDS = 30;
/** How long a walk is waited for that is late, to tell late from never. */
const GIVE_UP_MS = 300_000;

const seed = Number(process.env.SEED || "1");
const minutes = Number(process.env.MINUTES || "3");
// Promotions are walked in memory, for a quarter of the time, every other one with approvals.
const promotionEnd = performance.now() + minutes * 15_000;
for (let at = seed; performance.now() < promotionEnd; at++) {
  const { steps, applied, approved, wrong } = await new PromotionWalk(at, { approvals: at % 2 === 0 }).run(
    (count) => count < 500 && performance.now() < promotionEnd,
  );
  console.log(JSON.stringify({ promotion: at, steps, applied, approved, wrong }));
  if (wrong.length > 0) process.exit(1);
}
const walk = await RandomWalk.start({ seed, apps: 8, pauseMs: 700 });
try {
  const end = performance.now() + minutes * 60_000;
  await walk.walk(() => performance.now() < end);
  const result = await walk.settle(GIVE_UP_MS);
  console.log(JSON.stringify({ seed, minutes, steps: walk.steps, ...result }));
  const late = Math.max(result.settledLagSeconds, result.readyLagSeconds) > SETTLE_SECONDS;
  if (late || result.wrong.length > 0 || result.written.length > 0) throw new Error("late, or not as it should be");
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}; the operator's log: ${await walk.saveLog()}`);
  process.exitCode = 1;
} finally {
  await walk.stop();
}
