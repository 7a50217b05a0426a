import { parseDuration } from "../../../base/duration.js";
import type { Document } from "../../../manifest/document.js";
import { displayId, type ObjectKey } from "../../../manifest/object-id.js";
import { applyTier } from "../../../manifest/order.js";
import { judgedBy, serversOf } from "../../../manifest/servers.js";
import type { WriteAction } from "../../../plan/actions.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/** The API server asks a webhook this long after its configuration was written: it reads them by a watch. */
const TAKEN_IN_MS = 4_000;

/** A write that has to wait, and for what. */
export interface Hold {
  readonly message: string;
  /** When it is over without an event; undefined: when the health of an object changes. */
  readonly leftMs: number;
}

/**
 * Which writes of an app wait for what serves them. A webhook configuration or APIService is not made before the workload behind it
 * is healthy, since the API server would refuse or miss all that it is asked for; custom resources that a webhook of the same
 * source judges wait for that webhook. What takes longer than `health.timeout` is no longer waited for: some servers become ready
 * only with the webhook, or with the custom resource.
 */
export class Holds {
  readonly #run: AppRun;
  readonly #inputsKey: string;
  readonly #documents: readonly Document[];
  readonly #judged: ReadonlyMap<ObjectKey, readonly Document[]>;

  constructor(run: AppRun, { inputs, documents }: Pick<Rendered, "inputs" | "documents">) {
    this.#run = run;
    this.#inputsKey = inputs.key;
    this.#documents = documents;
    this.#judged = judgedBy(documents);
  }

  /** When a document is applied, counted like `applyTier`: what webhooks of the same source judge goes last. */
  readonly tierOf = ({ id, key }: Document): number => {
    const tier = applyTier(id);
    return this.#judged.has(key) && this.#leftMs() > 0 ? 4 : tier;
  };

  /** What a write has to wait for; undefined: nothing. `unwritten`: whether another document is still to be written. */
  of({ verb, document }: WriteAction, unwritten: (key: ObjectKey) => boolean): Hold | undefined {
    const hold = verb === "Create" ? this.#servers(document) : undefined;
    const found = hold ?? this.#judges(document, unwritten);
    if (found === undefined) return undefined;
    const { memory, services } = this.#run;
    if (this.#heldSince() === undefined)
      memory.heldSince = { inputsKey: this.#inputsKey, at: services.clock.monotonic() };
    return this.#leftMs() > 0 ? found : undefined;
  }

  /** Notes that a document was written, since what it judges waits until the API server knows. */
  written({ key, id }: Document): void {
    if (applyTier(id) === 3) this.#run.memory.judgesWritten.set(key, this.#run.services.clock.monotonic());
  }

  /** Other inputs have the whole of `health.timeout`, whatever was waited for before. */
  #heldSince(): number | undefined {
    const { heldSince } = this.#run.memory;
    return heldSince?.inputsKey === this.#inputsKey ? heldSince.at : undefined;
  }

  /** Milliseconds until nothing is waited for any more. */
  #leftMs(): number {
    const { services, app } = this.#run;
    const since = this.#heldSince() ?? services.clock.monotonic();
    return since + (parseDuration(app.spec.health.timeout) ?? 0) - services.clock.monotonic();
  }

  #servers(document: Document): Hold | undefined {
    const servers = serversOf(document, this.#documents);
    if (servers.length === 0) return undefined;
    const { objects } = observeApp(this.#run);
    for (const { key, id } of servers) {
      const health = objects.get(key)?.health ?? { status: "Progressing", message: "does not exist" };
      if (health.status === "Healthy") continue;
      const message = `${displayId(document.id)} waits for ${displayId(id)}, which serves it: ${health.message ?? health.status}`;
      return { message, leftMs: this.#leftMs() };
    }
    return undefined;
  }

  #judges(document: Document, unwritten: (key: ObjectKey) => boolean): Hold | undefined {
    const { clock } = this.#run.services;
    for (const judge of this.#judged.get(document.key) ?? []) {
      const message = `${displayId(document.id)} waits for ${displayId(judge.id)}, which admits it`;
      if (unwritten(judge.key)) return { message, leftMs: this.#leftMs() };
      const written = this.#run.memory.judgesWritten.get(judge.key) ?? Number.NEGATIVE_INFINITY;
      const left = written + TAKEN_IN_MS - clock.monotonic();
      if (left > 0) return { message, leftMs: left };
    }
    return undefined;
  }
}
