import { setTimeout as delay } from "node:timers/promises";
import { type BackoffPolicy, backoffDelay } from "../../base/backoff.js";
import { isExpired } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import type { Kind } from "../kinds.js";
import type { Target } from "../target.js";
import type { Reader, Scope } from "./connection.js";
import { passes } from "./resume-watch.js";

/** Waits, until a signal at most. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** Pauses after failures that pass. */
const PAUSES: BackoffPolicy = { baseMs: 500, factor: 2, maxMs: 15_000 };
/** Longest pause that a server may ask for. */
const MAX_PAUSE_MS = 60_000;

const pauseFor: Pause = (ms, signal) => delay(ms, undefined, { signal }).catch(() => {});

/**
 * Yields an object and each later state of it; undefined while there is none. Lists again when a watch ends, and never ends by itself. After
 * the first list, failures that pass are waited out.
 *
 * @throws the error of the first list, and each later one that does not pass.
 */
export async function* follow<T extends RawObject>(
  reader: Reader,
  target: Target,
  signal: AbortSignal,
  pause: Pause = pauseFor,
): AsyncGenerator<T | undefined> {
  const scope = { namespace: reader.namespaceOf(target), fields: `metadata.name=${target.name}` };
  for await (const [object] of followList<T>(reader, target.kind, scope, signal, pause)) yield object;
}

/** Yields a list and, whenever one of its objects changes, the list again. Lists and fails as `follow`. */
export async function* followList<T extends RawObject>(
  reader: Reader,
  kind: Kind,
  scope: Scope,
  signal: AbortSignal,
  pause: Pause = pauseFor,
): AsyncGenerator<readonly T[]> {
  let listed = false;
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const items of untilEnd<T>(reader, kind, scope, signal)) {
        listed = true;
        yield items;
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (isExpired(error)) continue;
      if (!listed || !passes(error)) throw error;
      failures += 1;
      const asked = Math.min(error.retryAfterMs ?? 0, MAX_PAUSE_MS);
      await pause(Math.max(asked, backoffDelay(PAUSES, failures)), signal);
    }
  }
}

/** Yields a list and each change of it, until the watch ends. */
async function* untilEnd<T extends RawObject>(
  reader: Reader,
  kind: Kind,
  scope: Scope,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  const { metadata, items } = await reader.list<T>(kind, scope);
  const known = new Map(items.map((item) => [item.metadata.uid, item]));
  yield [...known.values()];
  const start = { ...scope, resourceVersion: metadata.resourceVersion, signal };
  for await (const { type, object } of reader.watch<T>(kind, start)) {
    if (type === "ERROR") return;
    if (type === "BOOKMARK") continue;
    if (type === "DELETED") known.delete(object.metadata.uid);
    else known.set(object.metadata.uid, object);
    yield [...known.values()];
  }
}
