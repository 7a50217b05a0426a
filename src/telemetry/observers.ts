import type { Series } from "./series.js";

/**
 * What rooms tell of their work, as the metrics count it. The rooms declare what they tell by interfaces of their own;
 * these match them by shape, so that no room has to know this one. Each function resolves its series once, here, since
 * it is called for every event or request.
 */

/** Counts renders, by where their documents came from. */
export function renderObserver(series: Series): {
  rendered(renderer: string, result: string, seconds: number): void;
} {
  return {
    rendered: (renderer, result, seconds) => {
      series.render.total.of({ renderer, result }).inc();
      if (result === "miss" || result === "error") series.render.seconds.of({ renderer }).observe(seconds);
    },
  };
}

/** Counts requests to the API server; `code` is the HTTP status, or `error` when no answer came. */
export function requestObserver(series: Series): (method: string, code: string, seconds: number) => void {
  return (method, code, seconds) => {
    series.requests.total.of({ code, method }).inc();
    series.requests.seconds.of({ method }).observe(seconds);
  };
}

/** Counts what happens to the keys of one queue. */
export interface QueueCounts {
  added(depth: number): void;
  taken(depth: number, waitedSeconds: number): void;
  finished(workedSeconds: number): void;
}

/** Counts for the queue of one controller. */
export function queueObserver(series: Series, name: string): QueueCounts {
  const depthLevel = series.queue.depth.of({ name });
  const adds = series.queue.adds.of({ name });
  const waits = series.queue.waitSeconds.of({ name });
  const works = series.queue.workSeconds.of({ name });
  return {
    added: (depth) => {
      adds.inc();
      depthLevel.set(depth);
    },
    taken: (depth, waitedSeconds) => {
      depthLevel.set(depth);
      waits.observe(waitedSeconds);
    },
    finished: (workedSeconds) => works.observe(workedSeconds),
  };
}

/** Counts the reconciles of one controller. */
export interface ControllerCounts {
  started(): void;
  finished(result: string, seconds: number): void;
}

/** Counts for one controller; a failed reconcile is also a retry of its queue. */
export function controllerObserver(series: Series, controller: string): ControllerCounts {
  const active = series.reconcile.activeWorkers.of({ controller });
  const times = series.reconcile.seconds.of({ controller });
  const retries = series.queue.retries.of({ name: controller });
  return {
    started: () => active.inc(),
    finished: (result, seconds) => {
      active.dec();
      times.observe(seconds);
      series.reconcile.total.of({ controller, result }).inc();
      if (result === "error") retries.inc();
    },
  };
}

/** Counts the lists and watches of one kind. */
export interface ReflectorCounts {
  listed(): void;
  watched(): void;
  restarted(): void;
}

/** Counts for the reflectors of one kind. */
export function reflectorObserver(series: Series, kind: string): ReflectorCounts {
  const lists = series.reflector.lists.of({ kind });
  const watches = series.reflector.watches.of({ kind });
  const restarts = series.reflector.restarts.of({ kind });
  return { listed: () => lists.inc(), watched: () => watches.inc(), restarted: () => restarts.inc() };
}
