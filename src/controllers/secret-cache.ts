import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { isStatus } from "../kube/errors.js";
import { Reflector } from "../kube/watch/reflector.js";

/** Data of an object, as a user could read it. */
interface ReadData {
  readonly version: string;
  readonly data: Readonly<Record<string, string>>;
}

interface Watched {
  readonly reflector: Reflector<string>;
  /** By the user that read it: permissions differ. */
  readonly read: Map<string, ReadData>;
}

/**
 * Cache of referenced Secrets or ConfigMaps: watches only the metadata of each, and reads the data when it has changed.
 */
export class SecretCache {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #plural: string;
  readonly #onChange: (namespace: string, name: string) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(options: {
    client: KubeClient;
    clock: Clock;
    logger: Logger;
    onChange: (namespace: string, name: string) => void;
    /** Defaults to secrets. */
    plural?: "secrets" | "configmaps";
  }) {
    this.#plural = options.plural ?? "secrets";
    this.#client = options.client;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onChange = options.onChange;
  }

  /**
   * Returns the data of an object (base64 of a Secret); undefined if it does not exist. After the first call, `onChange` reports
   * changes. `impersonate`: the user whose permissions are used, instead of the operator's.
   */
  async read(
    namespace: string,
    name: string,
    impersonate?: string,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const key = `${namespace}/${name}`;
    const watched = this.#watched.get(key) ?? this.#watch(key, namespace, name);
    const version = watched.reflector.store.get(key);
    const known = watched.read.get(impersonate ?? "");
    if (version !== undefined && known?.version === version) return known.data;
    try {
      const { body } = await this.#client.request<{
        metadata: { resourceVersion: string };
        data?: Record<string, string>;
      }>({
        method: "GET",
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/${this.#plural}/${encodeURIComponent(name)}`,
        impersonate,
      });
      const data = body.data ?? {};
      watched.read.set(impersonate ?? "", { version: body.metadata.resourceVersion, data });
      return data;
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      watched.read.delete(impersonate ?? "");
      return undefined;
    }
  }

  /** Stops watching objects that are no longer referenced. */
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
      const isKnown =
        watched.read.size === 0
          ? version === undefined
          : [...watched.read.values()].every((read) => read.version === version);
      if (!isKnown) this.#onChange(namespace, name);
    };
    const reflector = new Reflector<string>({
      client: this.#client,
      clock: this.#clock,
      logger: this.#logger,
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/${this.#plural}`,
      fieldSelector: `metadata.name=${name}`,
      mode: "metadata",
      reduce: (object) => object.metadata.resourceVersion,
      uidOf: () => key,
      onEvent: (event) => notify(event.type === "Deleted" ? undefined : event.object),
    });
    const watched: Watched = { reflector, read: new Map() };
    this.#watched.set(key, watched);
    reflector.start();
    return watched;
  }
}
