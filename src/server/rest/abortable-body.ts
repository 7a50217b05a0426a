import { Readable } from "node:stream";

/**
 * Returns a body that reads no faster than its client, and ends when `abort` is aborted. `abort` is aborted when the client has gone:
 * otherwise a destroyed body would wait for the next chunk, which may never come.
 */
export function abortableBody<T>(
  chunks: AsyncIterable<T>,
  abort: AbortController,
  convert: (chunks: AsyncIterable<T>) => AsyncIterable<string | Uint8Array>,
): Readable {
  const body = Readable.from(convert(untilAborted(chunks, abort.signal)), { objectMode: false });
  const destroy = body._destroy.bind(body);
  body._destroy = (error, callback) => {
    abort.abort();
    destroy(error, callback);
  };
  return body;
}

/** Ends without an error as soon as the signal is aborted, whatever the source does: the client has gone, or the server stops. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const next = await nextOrAborted(iterator, signal);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // Not awaited: it waits for the next value.
    iterator.return?.().catch(() => {});
  }
}

function nextOrAborted<T>(iterator: AsyncIterator<T>, signal: AbortSignal): Promise<IteratorResult<T>> {
  return new Promise((resolve, reject) => {
    const end = (): void => resolve({ done: true, value: undefined });
    signal.addEventListener("abort", end, { once: true });
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", end));
  });
}
