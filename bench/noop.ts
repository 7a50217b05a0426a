import type { OperatorProcess } from "../test/support/operator-process.js";
import { customPath, type Environment, isReady, type LiveApp, REPOSITORY } from "./environment.js";
import { OperatorCounts, usedBetween } from "./operator-counts.js";
import { untilQuiet } from "./process-usage.js";
import { Watch } from "./watch.js";
import { manifest } from "./workload.js";

/** What a reconcile costs that finds nothing to do. */
export interface NoopRun {
  readonly objects: number;
  /** With the write of the status that says that the request was heard. */
  readonly cpuMs: number;
  /** Requests besides that one. */
  readonly otherRequests: number;
}

const APP = "large";

/** Makes one larger app, then asks for it again and again. Each time the only write is the echo of the request. */
export async function measureNoop(environment: Environment, operator: OperatorProcess): Promise<NoopRun> {
  const { scale, repo } = environment;
  const names = Array.from({ length: scale.noopObjects }, (_, index) => `${APP}-${index}`);
  await repo.commit(Object.fromEntries(names.map((name) => [`${APP}/${name}.yaml`, manifest(name)])), "A large app");
  await environment.poke("gitrepositories", REPOSITORY);
  let app: LiveApp | undefined;
  const watch = await Watch.open<LiveApp>(environment.api, customPath("overseerapps"), ({ object }) => {
    if (object.metadata.name === APP) app = object;
  });
  try {
    await environment.createApp(APP, APP);
    await watch.until("the large app is Ready", () => app !== undefined && isReady(app));
    await untilQuiet(operator.pid);
    const counts = new OperatorCounts(operator);
    const before = await counts.read("cpu-last");
    for (let poke = 0; poke < scale.noopPokes; poke++) {
      const token = await environment.poke("overseerapps", APP);
      await watch.until("the request was heard", () => app?.status?.lastHandledReconcileAt === token);
    }
    await untilQuiet(operator.pid);
    const used = usedBetween(before, await counts.read("cpu-first"));
    return {
      objects: scale.noopObjects,
      cpuMs: (used.cpuSeconds * 1000) / scale.noopPokes,
      otherRequests: used.requests - scale.noopPokes,
    };
  } finally {
    watch.close();
  }
}
