import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import { Reflector } from "../../../kube/watch/reflector.js";
import { AppSetError } from "../app-set-error.js";
import { type ClusterSecret, parameterAnnotations } from "./clusters.js";

interface Watched {
  readonly reflector: Reflector<ClusterSecret & { readonly uid: string }>;
  /** Why the last list or watch failed. */
  error: string | undefined;
  /** Sets that use it. */
  readonly users: Set<string>;
}

/** Watches the metadata of Secrets by label, one watch for each namespace and selector. Their data is never read. */
export class ClusterSecrets {
  readonly #options: { client: KubeClient; clock: Clock; logger: Logger; onChange: (set: string) => void };
  readonly #watched = new Map<string, Watched>();

  /** `onChange` is called with each set (`namespace/name`) whose Secrets have changed. */
  constructor(options: { client: KubeClient; clock: Clock; logger: Logger; onChange: (set: string) => void }) {
    this.#options = options;
  }

  /**
   * Returns the Secrets of a selector; undefined while they are being listed: `onChange` follows.
   *
   * @throws AppSetError if they cannot be listed.
   */
  list(set: string, namespace: string, selector: string): readonly ClusterSecret[] | undefined {
    const key = `${namespace}/${selector}`;
    const watched = this.#watched.get(key) ?? this.#watch(key, namespace, selector);
    watched.users.add(set);
    if (watched.reflector.synced) return [...watched.reflector.store.values()];
    if (watched.error === undefined) return undefined;
    throw new AppSetError(
      "GeneratorFailed",
      `the Secrets of namespace ${namespace} cannot be listed: ${watched.error}`,
      "retryable",
    );
  }

  /** Stops the watches that a set used, except those of these selectors. */
  retain(set: string, namespace: string, selectors: readonly string[]): void {
    const keys = new Set(selectors.map((selector) => `${namespace}/${selector}`));
    for (const [key, { users, reflector }] of this.#watched) {
      if (keys.has(key) || !users.delete(set) || users.size > 0) continue;
      this.#watched.delete(key);
      void reflector.stop();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#watched.values()].map(({ reflector }) => reflector.stop()));
  }

  #watch(key: string, namespace: string, selector: string): Watched {
    const { client, clock, logger, onChange } = this.#options;
    const notify = (): void => {
      for (const set of watched.users) onChange(set);
    };
    const reflector = new Reflector<ClusterSecret & { readonly uid: string }>({
      client,
      clock,
      logger,
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`,
      labelSelector: selector,
      mode: "metadata",
      reduce: ({ metadata: { name, uid, labels = {}, annotations } }) => ({
        ...{ name, uid, labels },
        annotations: parameterAnnotations(annotations),
      }),
      uidOf: ({ uid }) => uid,
      onEvent: () => {
        if (reflector.synced) notify();
      },
      onSync: (error, listed) => {
        const before = watched.error;
        watched.error = error === undefined ? undefined : messageOf(error);
        if (listed || watched.error !== before) notify();
      },
    });
    const watched: Watched = { reflector, error: undefined, users: new Set() };
    this.#watched.set(key, watched);
    reflector.start();
    return watched;
  }
}
