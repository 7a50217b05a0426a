import type { Series } from "./series.js";

/**
 * Adapters from the observer interfaces of other modules to metrics. They match those interfaces structurally, so that
 * no module depends on telemetry. Series are resolved once here, since observers run for every event or request.
 */

/** Counts renders, by renderer and result. */
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

/** Counts requests to the API server; `code` is the HTTP status, or `error` if there was no response. */
export function requestObserver(series: Series): (method: string, code: string, seconds: number) => void {
  return (method, code, seconds) => {
    series.requests.total.of({ code, method }).inc();
    series.requests.seconds.of({ method }).observe(seconds);
  };
}

/** Counts requests to an HTTP server; `route`: the path template, or `none`. */
export function httpObserver(series: Series): (route: string, method: string, code: number, seconds: number) => void {
  return (route, method, code, seconds) => {
    series.http.requests.of({ route, method, code: String(code) }).inc();
    series.http.seconds.of({ route }).observe(seconds);
  };
}

/** Observer of one queue. */
export interface QueueCounts {
  added(depth: number): void;
  taken(depth: number, waitedSeconds: number): void;
  finished(workedSeconds: number): void;
}

/** Returns the observer for the queue of one controller. */
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

/** Observer of the reconciliations of one controller. */
export interface ControllerCounts {
  started(): void;
  finished(result: string, seconds: number): void;
}

/** Returns the observer for one controller. A failed reconciliation also counts as a retry of its queue. */
export function controllerObserver(series: Series, controller: string): ControllerCounts {
  const active = series.reconcile.activeWorkers.of({ controller });
  const times = series.reconcile.seconds.of({ controller });
  const retries = series.queue.retries.of({ name: controller });
  retries.inc(0);
  for (const result of ["success", "requeue_after", "error"]) series.reconcile.total.of({ controller, result }).inc(0);
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

/** Observer of the lists and watches of one kind. */
export interface ReflectorCounts {
  listed(): void;
  watched(): void;
  restarted(): void;
}

/** Returns the observer for the reflectors of one kind. */
export function reflectorObserver(series: Series, kind: string): ReflectorCounts {
  const lists = series.reflector.lists.of({ kind });
  const watches = series.reflector.watches.of({ kind });
  const restarts = series.reflector.restarts.of({ kind });
  lists.inc(0);
  restarts.inc(0);
  return { listed: () => lists.inc(), watched: () => watches.inc(), restarted: () => restarts.inc() };
}
