import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { isStatus } from "../kube/errors.js";
import { Reflector } from "../kube/watch/reflector.js";

interface Watched {
  readonly reflector: Reflector<string>;
  read: { readonly version: string; readonly data: Readonly<Record<string, string>> } | undefined;
}

/**
 * Cache of referenced Secrets: watches only the metadata of each, and reads the data when it has changed.
 */
export class SecretCache {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onChange: (namespace: string, name: string) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(options: {
    client: KubeClient;
    clock: Clock;
    logger: Logger;
    onChange: (namespace: string, name: string) => void;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onChange = options.onChange;
  }

  /** Returns the base64 data of a Secret; undefined if it does not exist. After the first call, `onChange` reports changes. */
  async read(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const key = `${namespace}/${name}`;
    const watched = this.#watched.get(key) ?? this.#watch(key, namespace, name);
    const version = watched.reflector.store.get(key);
    if (version !== undefined && watched.read?.version === version) return watched.read.data;
    try {
      const { body } = await this.#client.request<{
        metadata: { resourceVersion: string };
        data?: Record<string, string>;
      }>({
        method: "GET",
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`,
      });
      watched.read = { version: body.metadata.resourceVersion, data: body.data ?? {} };
      return watched.read.data;
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      watched.read = undefined;
      return undefined;
    }
  }

  /** Stops watching Secrets that are no longer referenced. */
  retain(keys: ReadonlySet<string>): void {
    for (const [key, watched] of this.#watched) {
      if (keys.has(key)) continue;
      this.#watched.delete(key);
      void watched.reflector.stop();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#watched.values()].map((watched) => watched.reflector.stop()));
  }

  #watch(key: string, namespace: string, name: string): Watched {
    const notify = (version: string | undefined): void => {
      if (watched.read?.version !== version) this.#onChange(namespace, name);
    };
    const reflector = new Reflector<string>({
      client: this.#client,
      clock: this.#clock,
      logger: this.#logger,
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`,
      fieldSelector: `metadata.name=${name}`,
      mode: "metadata",
      reduce: (object) => object.metadata.resourceVersion,
      uidOf: () => key,
      onEvent: (event) => notify(event.type === "Deleted" ? undefined : event.object),
    });
    const watched: Watched = { reflector, read: undefined };
    this.#watched.set(key, watched);
    reflector.start();
    return watched;
  }
}
