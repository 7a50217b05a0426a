import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ListedPlural } from "../identity/reading-rights.js";
import type { ListRow } from "../lists/window.js";

/** Names of the events, by what has changed. */
export const EVENT_NAMES: Readonly<Record<ListedPlural, string>> = {
  overseerapps: "app",
  changes: "change",
  gitrepositories: "repository",
};

/** An object that was created, changed or deleted. */
export interface HubEvent {
  readonly id: string;
  readonly plural: ListedPlural;
  readonly namespace: string;
  readonly name: string;
  /** JSON without line breaks. */
  readonly data: string;
}

/** Events that are kept for clients that connect again. */
const KEPT = 10_000;

/** Numbers the changes of rows, keeps the last ones, and passes them on. */
export class EventHub {
  /** Tells the processes apart: the numbers of another one mean nothing here. */
  readonly #epoch = randomBytes(6).toString("hex");
  readonly #kept: HubEvent[] = [];
  readonly #listeners = new Set<(event: HubEvent) => void>();
  #last = 0;

  /** The position after the last event. */
  get position(): string {
    return `${this.#epoch}-${this.#last}`;
  }

  /** Publishes what has changed in a row; nothing if it is the same as before. */
  changed<Row>(plural: ListedPlural, current: ListRow<Row> | undefined, previous: ListRow<Row> | undefined): void {
    const known = current ?? previous;
    if (known === undefined || isDeepStrictEqual(current?.row, previous?.row)) return;
    const { namespace, name } = known;
    const { app } = known.row as { readonly app?: string };
    const data = JSON.stringify({
      type: current === undefined ? "delete" : "put",
      ...{ namespace, name, app },
      ...(current === undefined ? {} : { row: current.row }),
    });
    this.#last++;
    const event = { id: this.position, plural, namespace, name, data };
    this.#kept.push(event);
    // Now and then, since each shift of a long array moves it.
    if (this.#kept.length >= 2 * KEPT) this.#kept.splice(0, KEPT);
    for (const listener of this.#listeners) listener(event);
  }

  /** Returns the events after a position; undefined if the position is unknown or too old. */
  since(id: string): readonly HubEvent[] | undefined {
    const [, epoch, digits] = /^([0-9a-f]{12})-([0-9]{1,15})$/.exec(id) ?? [];
    const position = Number(digits);
    if (epoch !== this.#epoch || position > this.#last) return undefined;
    const missed = this.#last - position;
    if (missed > Math.min(KEPT, this.#kept.length)) return undefined;
    return missed === 0 ? [] : this.#kept.slice(-missed);
  }

  /** Calls `listener` for each event from now on. Returns a function that ends it. */
  listen(listener: (event: HubEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
