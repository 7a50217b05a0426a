/** Delivers the events of one kind to its handlers, synchronously and in order. */
export class EventSource<E> {
  readonly #handlers: ((event: E) => void)[] = [];

  /** Calls `handler` for each event from now on. */
  subscribe(handler: (event: E) => void): void {
    this.#handlers.push(handler);
  }

  emit(event: E): void {
    for (const handler of this.#handlers) handler(event);
  }
}

/** A row of the event table: events of a source that match become keys of a queue. */
export interface Watch {
  /** Begins to deliver. Events before that are not delivered later. */
  start(): void;
}

/** What happens to a key, for example that it is added to a queue. */
export type Enqueue = (key: string) => void;

/**
 * Creates a row of the event table: for each event of `source` that matches `predicate`, `enqueue` is called with each key that the
 * event maps to.
 *
 * @example
 * watch(sources.secrets, always, ({ namespace, name }) => resources.appsWithSecret(namespace, name), apps.retry(PRIORITY.drift));
 */
export function watch<E>(
  source: EventSource<E>,
  predicate: (event: E) => boolean,
  mapToKeys: (event: E) => Iterable<string>,
  enqueue: Enqueue,
): Watch {
  return {
    start: () =>
      source.subscribe((event) => {
        if (!predicate(event)) return;
        for (const key of mapToKeys(event)) enqueue(key);
      }),
  };
}

/** A predicate that every event matches. */
export function always(): boolean {
  return true;
}
