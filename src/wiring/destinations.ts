import type { OverseerApp } from "../api/overseer-app.js";
import { OverseerError } from "../base/errors.js";
import type { DestinationSource } from "../controllers/overseer-app/services.js";
import type { SecretCache } from "../controllers/secret-cache.js";
import type { Destination } from "../destinations/destination.js";
import { type CoreAccess, coreAccess, type SecretData } from "../destinations/overseer/core-access.js";
import type { CoreConnection, CoreConnections } from "../destinations/overseer/core-connection.js";
import { type CoreIdentity, OverseerDestination } from "../destinations/overseer/overseer-destination.js";
import { UnavailableDestination } from "../destinations/unavailable.js";
import { appKey } from "../plan/live.js";

type CoreSpec = NonNullable<OverseerApp["spec"]["destination"]["overseer"]>;

/** Gives each app the destination that its spec names: this cluster, or an Overseer Core with the token of its Secret. */
export class AppDestinations implements DestinationSource {
  readonly #kubernetes: Destination;
  readonly #connections: CoreConnections;
  readonly #secrets: SecretCache;
  readonly #identity: CoreIdentity;
  readonly #byConnection = new WeakMap<CoreConnection, OverseerDestination>();
  /** Secrets that each app's destination was made from. */
  readonly #secretsOf = new Map<string, readonly string[]>();

  constructor(options: {
    readonly kubernetes: Destination;
    readonly connections: CoreConnections;
    readonly secrets: SecretCache;
    readonly identity: CoreIdentity;
  }) {
    this.#kubernetes = options.kubernetes;
    this.#connections = options.connections;
    this.#secrets = options.secrets;
    this.#identity = options.identity;
  }

  async of(app: OverseerApp): Promise<Destination> {
    const { overseer } = app.spec.destination;
    if (overseer === undefined) return this.#kubernetes;
    const key = appKey(app.metadata);
    try {
      const access = await this.#access(app.metadata.namespace, key, overseer);
      const connection = this.#connections.use(key, access, overseer.interval);
      const destination = this.#byConnection.get(connection) ?? new OverseerDestination(connection, this.#identity);
      this.#byConnection.set(connection, destination);
      return destination;
    } catch (error) {
      if (!(error instanceof OverseerError)) throw error;
      this.#connections.release(key);
      return new UnavailableDestination(overseer.url, { reason: error.reason, message: error.message });
    }
  }

  forget(app: string): void {
    this.#connections.release(app);
    if (!this.#secretsOf.delete(app)) return;
    this.#secrets.retain(new Set([...this.#secretsOf.values()].flat()));
  }

  async #access(namespace: string, app: string, { url, secretRef, caSecretRef }: CoreSpec): Promise<CoreAccess> {
    const names = [secretRef.name, ...(caSecretRef ? [caSecretRef.name] : [])];
    this.#secretsOf.set(
      app,
      names.map((name) => `${namespace}/${name}`),
    );
    const secret = await this.#read(namespace, secretRef.name, "secretRef");
    const ca = caSecretRef && (await this.#read(namespace, caSecretRef.name, "caSecretRef"));
    return coreAccess(url, secret, ca, this.#identity.digestKey);
  }

  async #read(namespace: string, name: string, field: string): Promise<SecretData> {
    const where = `Secret ${namespace}/${name}`;
    const data = await this.#secrets.read(namespace, name);
    if (data) return { where, data };
    throw new OverseerError(
      `the ${where} that spec.destination.overseer.${field} names does not exist: make it, or make the app anew with the right name`,
      { code: "SECRET_NOT_FOUND", reason: "SecretNotFound", class: "retryable" },
    );
  }
}
