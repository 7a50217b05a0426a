import type { OperatorProcess } from "../../test/support/operator-process.js";
import { waitUntil } from "../../tools/wait-until.js";
import { MERGE } from "../api.js";
import { APPS_NAMESPACE, configMapsPath, type Environment } from "../environment.js";
import { objectName } from "../workload.js";

/** How long nobody heals when the leader goes: from the signal until another one has put drift back. */
export interface HandOverRun {
  /** It is asked to stop. */
  readonly stoppedSeconds: number;
  /** It is killed: its lease has to run out. */
  readonly killedSeconds: number;
}

/** Lets two operators take the lead from each other, while nothing else works. */
export async function measureHandOver(environment: Environment, alone: OperatorProcess): Promise<HandOverRun> {
  await environment.stopOperator(alone);
  const start = (name: string): Promise<OperatorProcess> => environment.startOperator(name, ["--leader-election=true"]);
  const first = await start("leader");
  await healed(environment, 0);
  const second = await start("standby");
  const stoppedSeconds = await untilHealed(environment, 1, () => first.stop("SIGTERM"));
  await environment.stopOperator(first);
  await start("next");
  const killedSeconds = await untilHealed(environment, 2, () => second.stop("SIGKILL"));
  return { stoppedSeconds, killedSeconds };
}

async function untilHealed(environment: Environment, app: number, leave: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await leave();
  await healed(environment, app);
  return (performance.now() - started) / 1000;
}

/** Changes an object of an app, and waits until it is as it was. */
async function healed({ api, scale }: Environment, app: number): Promise<void> {
  const path = `${configMapsPath(APPS_NAMESPACE)}/${objectName(app % scale.apps, 0)}`;
  const colour = async (): Promise<unknown> => {
    const { data } = await api.call({ method: "GET", path });
    return (data as { colour?: string } | undefined)?.colour;
  };
  const before = await colour();
  const body = { data: { colour: "drifted" } };
  await api.call({ method: "PATCH", path: `${path}?fieldManager=intruder`, contentType: MERGE, body });
  await waitUntil({ what: "drift is put back", timeoutMs: 120_000, intervalMs: 10 }, async () => {
    return (await colour()) === before;
  });
}
