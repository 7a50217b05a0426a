import { FAILPOINTS } from "../../../src/base/failpoint.js";
import type { Outcome } from "../../../src/destinations/destination.js";
import { GitError } from "../../../src/git/errors.js";
import { KubeConnectionError, KubeStatusError } from "../../../src/kube/errors.js";
import type { Document } from "../../../src/manifest/document.js";
import type { SeededRandom } from "../../soak/random.js";
import { type Heart, KilledError } from "../../unit/controllers/support/heart.js";

/** Faults that are injected, by what fails. */
export const FAULT_KINDS = [
  "kill",
  "api-conflict",
  "api-unavailable",
  "api-throttled",
  "api-connection-lost",
  "api-response-lost",
  "git-unreachable",
  "git-store-damaged",
  "git-disk-full",
  "preview-refused",
  "preview-connection-lost",
  "write-refused",
  "write-response-lost",
  "delete-refused",
  "delete-response-lost",
  "list-incomplete",
] as const;
/** Kind of a fault. */
export type FaultKind = (typeof FAULT_KINDS)[number];

const POINTS = FAILPOINTS.filter((point) => point.startsWith("app:"));
const LOST: Outcome = { ok: false, message: "the connection was reset before the response", retryable: true };

/** Injects faults between a reconciler and the servers that it uses. Each fault waits for its turn, and fires once. */
export class FaultInjector {
  /** Faults that have fired, by kind. */
  readonly fired = new Map<FaultKind, number>();
  readonly #heart: Heart;
  readonly #random: SeededRandom;
  /** Calls that pass before an armed fault fires. */
  readonly #armed = new Map<FaultKind, number>();
  readonly #point: { name: string | undefined } = { name: undefined };

  constructor(heart: Heart, random: SeededRandom) {
    this.#heart = heart;
    this.#random = random;
    this.#install();
  }

  /** Arms one fault. */
  arm(): void {
    const kind = this.#random.pick(FAULT_KINDS);
    this.#armed.set(kind, this.#random.int(4));
    if (kind === "kill") this.#point.name = this.#random.int(3) === 0 ? undefined : this.#random.pick(POINTS);
  }

  /** Disarms all faults: from now on everything works. */
  disarm(): void {
    this.#armed.clear();
  }

  /** Passed to the process as its failpoints. */
  readonly failpoint = (point: string): void => {
    const { name } = this.#point;
    if ((name === undefined || name === point) && this.#due("kill")) throw new KilledError(point);
  };

  #due(kind: FaultKind): boolean {
    const left = this.#armed.get(kind);
    if (left === undefined) return false;
    if (left > 0) {
      this.#armed.set(kind, left - 1);
      return false;
    }
    this.#armed.delete(kind);
    this.fired.set(kind, (this.fired.get(kind) ?? 0) + 1);
    return true;
  }

  #install(): void {
    const { api, destination } = this.#heart;
    api.fault = (when) => {
      if (when === "after") {
        if (this.#due("api-response-lost")) throw new KubeConnectionError("the response was lost", undefined);
        return;
      }
      if (this.#due("api-conflict"))
        throw new KubeStatusError(409, { reason: "Conflict", message: "it has changed" }, "PUT");
      if (this.#due("api-unavailable")) throw new KubeStatusError(503, { reason: "ServiceUnavailable" }, "GET");
      if (this.#due("api-throttled")) throw new KubeStatusError(429, { details: { retryAfterSeconds: 1 } }, "GET");
      if (this.#due("api-connection-lost")) throw new KubeConnectionError("connect ECONNREFUSED", undefined);
    };
    this.#heart.gitFault = () => {
      if (this.#due("git-unreachable")) throw new GitError("GIT_UNREACHABLE", "the server does not respond");
      if (this.#due("git-store-damaged")) throw new GitError("GIT_STORE_DAMAGED", "the store is damaged");
      if (this.#due("git-disk-full")) throw new GitError("GIT_STORE_UNWRITABLE", "no space left on device");
    };
    const refusal = { message: "the connection was refused", retryable: true };
    destination.faults = {
      preview: (_: Document) => (this.#due("preview-refused") ? refusal : undefined),
      write: () => (this.#due("write-refused") ? refusal : undefined),
      remove: () => (this.#due("delete-refused") ? refusal : undefined),
    };
    const { preview, write, heal, remove, observe } = destination;
    destination.preview = async (...given) => {
      if (this.#due("preview-connection-lost")) throw new KubeConnectionError("read ECONNRESET", undefined);
      return preview.apply(destination, given);
    };
    destination.write = async (...given) =>
      this.#maybeLost("write-response-lost", await write.apply(destination, given));
    destination.heal = async (...given) => this.#maybeLost("write-response-lost", await heal.apply(destination, given));
    destination.remove = async (...given) =>
      this.#maybeLost("delete-response-lost", await remove.apply(destination, given));
    destination.observe = (target) => {
      const seen = observe.call(destination, target);
      return this.#due("list-incomplete") ? { ...seen, complete: false, incomplete: "a kind cannot be listed" } : seen;
    };
  }

  #maybeLost(kind: FaultKind, outcome: Outcome): Outcome {
    return this.#due(kind) ? LOST : outcome;
  }
}
