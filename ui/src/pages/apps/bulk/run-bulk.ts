import { pause } from "../../../api/pause.js";
import { ApiError, unreachable } from "../../../api/problem.js";

/** How an action on one app goes. */
export type Outcome =
  | { readonly phase: "waits" | "runs" | "stopped" }
  /** `change` is the name of the Change that the action has created. */
  | { readonly phase: "done"; readonly change: string | undefined }
  | { readonly phase: "failed"; readonly error: ApiError };

/** Requests that run at the same time: a browser has six connections to a host, and pages need some. */
const AT_ONCE = 4;
/** A server that limits the rate has not carried out the request; it is sent again this many times. */
const MOST_TRIES = 10;
const RATE_LIMITED = 429;

/**
 * Runs an action on several items, a few at once, and reports how each goes. The action returns the name of the Change that it
 * created, if any. An item that fails does not hold up the others. After `stop`, those that have not begun are reported as stopped.
 * `waitMs`: time before a request is sent again that came too fast.
 */
export async function runBulk<Item>(
  items: readonly Item[],
  action: (item: Item) => Promise<string | undefined>,
  report: (item: Item, outcome: Outcome) => void,
  { stop, waitMs = 1_000 }: { readonly stop: AbortSignal; readonly waitMs?: number },
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      if (stop.aborted) report(item, { phase: "stopped" });
      else {
        report(item, { phase: "runs" });
        report(item, await outcomeOf(item, action, { stop, waitMs }));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function outcomeOf<Item>(
  item: Item,
  action: (item: Item) => Promise<string | undefined>,
  { stop, waitMs }: { readonly stop: AbortSignal; readonly waitMs: number },
): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    try {
      return { phase: "done", change: await action(item) };
    } catch (cause) {
      const error = cause instanceof ApiError ? cause : unreachable();
      if (error.status !== RATE_LIMITED || tries === MOST_TRIES) return { phase: "failed", error };
      await pause(waitMs, stop);
      if (stop.aborted) return { phase: "stopped" };
    }
  }
}
