import type { Concerns } from "../destinations/kubernetes/sweep/concerned.js";
import { concernsAll } from "../destinations/kubernetes/sweep/concerned.js";
import { MeaningWatches } from "../destinations/kubernetes/sweep/meaning-watches.js";
import { ServerVersion } from "../destinations/kubernetes/sweep/server-version.js";
import { Sweeper } from "../destinations/kubernetes/sweep/sweeper.js";
import type { Companion } from "../reconcile/controller.js";
import { PRIORITY } from "../reconcile/work-queue.js";
import type { SharedParts } from "./loops.js";

/** Looks at objects that may have changed without a trace, as long as apps are reconciled; `busy`: whether there is other work. */
export function sweeps(shared: SharedParts, busy: () => boolean): Companion {
  const { clock, logger, metrics, tracker, cluster, enqueueApp } = shared;
  const { client, discovery } = cluster;
  const sweeper = new Sweeper({
    clock,
    tracker,
    busy,
    enqueue: (app) => enqueueApp(app, PRIORITY.background),
    onLook: (cause) => metrics.drift.looks.of({ cause }).inc(),
  });
  const onChange = (concerns: Concerns): void => {
    logger.info("objects are looked at again: a definition, webhook or policy changed");
    sweeper.meaningChanged((kind) =>
      concerns({ group: kind.group, plural: discovery.peek(kind)?.plural ?? `${kind.kind.toLowerCase()}s` }),
    );
    retryRefused(shared);
  };
  const version = new ServerVersion({
    client,
    clock,
    logger,
    onChange: () => {
      discovery.invalidate();
      onChange(concernsAll);
    },
  });
  const onFailure = (): void => version.connectionFailed();
  const watches = new MeaningWatches({ client, discovery, clock, logger, onChange, onFailure });
  const parts: readonly Companion[] = [sweeper, watches, version];
  return {
    start: () => {
      for (const part of parts) part.start();
    },
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}

/** What the API server refused under other rules may go well now. */
function retryRefused({ memories, enqueueApp }: SharedParts): void {
  for (const [app, memory] of memories) if (memory.ledger.forgiveRefusals()) enqueueApp(app, PRIORITY.background);
}
