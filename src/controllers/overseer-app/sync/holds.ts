import { isSettled } from "../../../api/overseer-app.js";
import { parseDuration } from "../../../base/duration.js";
import type { Document } from "../../../manifest/document.js";
import { displayId, type ObjectKey } from "../../../manifest/object-id.js";
import { applyTier } from "../../../manifest/order.js";
import { judgedBy, serversOf } from "../../../manifest/servers.js";
import type { WriteAction } from "../../../plan/actions.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/** Time until the API server calls a webhook after its configuration was written: it reads configurations through a watch. */
const TAKEN_IN_MS = 4_000;

/** Why a write has to wait, and for how long. */
export interface Hold {
  readonly message: string;
  /** Milliseconds until the wait ends at the latest. */
  readonly leftMs: number;
}

/**
 * Decides which writes of an app have to wait. A webhook configuration or APIService is not created before the workload behind
 * it is healthy, because requests would fail until then; nor is a custom resource before the workload that converts it. Custom
 * resources admitted by a webhook of the same source wait for that webhook. Waits end after `health.timeout`, because some
 * servers become ready only with the webhook or custom resource.
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

  /** Returns the apply tier of a document: objects admitted by webhooks of the same source go last. */
  readonly tierOf = ({ id, key }: Document): number => {
    const tier = applyTier(id);
    return this.#judged.has(key) && this.#leftMs() > 0 ? 4 : tier;
  };

  /** Returns what a write has to wait for, if anything. `unwritten` reports whether another document is still to be written. */
  of(action: WriteAction, unwritten: (key: ObjectKey) => boolean): Hold | undefined {
    return this.ofServers(action) ?? this.#begin(this.#judges(action.document, unwritten));
  }

  /** Returns the workload that the creation of an object has to wait for, if any. */
  ofServers({ verb, document }: WriteAction): Hold | undefined {
    return verb === "Create" ? this.#begin(this.#servers(document)) : undefined;
  }

  /** Starts the time that writes of these inputs may wait. Returns the wait unless it has passed. */
  #begin(found: Hold | undefined): Hold | undefined {
    if (found === undefined) return undefined;
    const { memory, services } = this.#run;
    if (this.#heldSince() === undefined)
      memory.heldSince = { inputsKey: this.#inputsKey, at: services.clock.monotonic() };
    return this.#leftMs() > 0 ? found : undefined;
  }

  /** Records that a document was written: objects it admits wait until the API server has observed it. */
  written({ key, id }: Document): void {
    if (applyTier(id) === 3) this.#run.memory.judgesWritten.set(key, this.#run.services.clock.monotonic());
  }

  /** Returns since when writes of these inputs wait. Other inputs get the full `health.timeout`. */
  #heldSince(): number | undefined {
    const { heldSince } = this.#run.memory;
    return heldSince?.inputsKey === this.#inputsKey ? heldSince.at : undefined;
  }

  /** Returns the milliseconds until waiting ends. */
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
      if (isSettled(health.status)) continue;
      const task = applyTier(document.id) === 3 ? "serves" : "converts";
      const message = `${displayId(document.id)} waits for ${displayId(id)}, which ${task} it: ${health.message ?? health.status}`;
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
