import { RandomWalk } from "./random-walk.js";

/** Longest time until live is as in Git after the last disturbance, on a machine with nothing else to do. */
const SETTLE_MS = 30_000;
/** How long a walk is waited for that is late, to tell late from never. */
const GIVE_UP_MS = 300_000;

const seed = Number(process.env.SEED || "1");
const minutes = Number(process.env.MINUTES || "3");
const walk = await RandomWalk.start(seed);
const result = await walk.run(minutes * 60_000, GIVE_UP_MS);
console.log(JSON.stringify(result));
const late = result.settledSeconds * 1000 > SETTLE_MS;
if (late || result.wrong.length > 0) {
  console.error(await walk.log());
  process.exitCode = 1;
}
await walk.stop();
