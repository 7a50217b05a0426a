import type { World } from "../support/world.js";
import { type Copies, differences, rollingOut, unready } from "./compare.js";
import type { Model } from "./model.js";

/** How long it took until all was well, in seconds since the last disturbance. */
export interface Settled {
  /** Until live was as in Git and all apps were Synced. */
  readonly settledSeconds: number;
  /** The part of that after the controller of Deployments had done its part: with waves, deletions wait for it. */
  readonly settledLagSeconds: number;
  /** From when the controller of Deployments had done its part, until all apps were Ready. */
  readonly readyLagSeconds: number;
  /** Until all apps were Ready: with Deployments as long as their controller takes, too. */
  readonly readySeconds: number;
  /** What was not as it should be for longest, with the second in which it was last seen. */
  readonly slowest: readonly string[];
  /** What is not as it should be at the end. */
  readonly wrong: readonly string[];
}

/** Waits until live is as in Git and the apps are Ready, at most so long. */
export async function untilSettled(world: World, model: Model, copies: Copies, limitMs: number): Promise<Settled> {
  const ended = performance.now();
  const seconds = (): number => (performance.now() - ended) / 1000;
  const lastSeen = new Map<string, number>();
  let settled: number | undefined;
  let rolledOut: number | undefined;
  let awaitedUntil = 0;
  let wrong = ["nothing was checked"];
  while (wrong.length > 0 && seconds() * 1000 < limitMs) {
    const waiting = await attempt(rollingOut(world, model));
    wrong = await attempt(differences(world, model, copies));
    if (waiting.length > 0 && settled === undefined) awaitedUntil = seconds();
    settled = wrong.length > 0 ? undefined : (settled ?? seconds());
    rolledOut = wrong.length + waiting.length > 0 ? undefined : (rolledOut ?? seconds());
    wrong.push(...(await attempt(unready(world))));
    for (const what of [...wrong, ...waiting]) lastSeen.set(what, seconds());
    if (wrong.length > 0) await pause(500);
  }
  const slowest = [...lastSeen].sort((a, b) => b[1] - a[1]).slice(0, 10);
  return {
    settledSeconds: Math.round(settled ?? seconds()),
    settledLagSeconds: Math.round((settled ?? seconds()) - awaitedUntil),
    readyLagSeconds: Math.round(seconds() - (rolledOut ?? seconds())),
    readySeconds: Math.round(seconds()),
    slowest: slowest.map(([what, second]) => `${Math.round(second)} s: ${what}`),
    wrong: wrong.slice(0, 20),
  };
}

/** The API server may still be away. */
function attempt(look: Promise<string[]>): Promise<string[]> {
  return look.catch((error: unknown) => [String(error)]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
