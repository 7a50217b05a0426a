import type { OverseerApp } from "../api/overseer-app.js";
import { OverseerError } from "../base/errors.js";
import type { DestinationSource } from "../controllers/overseer-app/app-services.js";
import type { SecretCache } from "../controllers/secret-cache.js";
import type { Destination } from "../destinations/destination.js";
import { remoteAccess } from "../destinations/kubernetes/remote/remote-access.js";
import type { RemoteClusters } from "../destinations/kubernetes/remote/remote-clusters.js";
import { type CoreAccess, coreAccess } from "../destinations/overseer/client/core-access.js";
import type { CoreConnection, CoreConnections } from "../destinations/overseer/client/core-connection.js";
import { type CoreIdentity, OverseerDestination } from "../destinations/overseer/overseer-destination.js";
import type { SecretData } from "../destinations/secret-data.js";
import { UnavailableDestination } from "../destinations/unavailable.js";
import { appKey } from "../plan/live.js";

type CoreSpec = NonNullable<OverseerApp["spec"]["destination"]["overseer"]>;
type KubeconfigRef = NonNullable<NonNullable<OverseerApp["spec"]["destination"]["kubernetes"]>["kubeConfigSecretRef"]>;

/**
 * Resolves the destination in the spec of an app: the local cluster, a remote cluster through a kubeconfig Secret, or an
 * Overseer Core through a token Secret.
 */
export class AppDestinations implements DestinationSource {
  readonly #local: Destination;
  readonly #remote: RemoteClusters;
  readonly #connections: CoreConnections;
  readonly #secrets: SecretCache;
  readonly #identity: CoreIdentity;
  readonly #byConnection = new WeakMap<CoreConnection, OverseerDestination>();
  /** Secrets used by the destination of each app. */
  readonly #secretsOf = new Map<string, readonly string[]>();
  readonly #current = new Map<string, Destination>();

  constructor(options: {
    readonly local: Destination;
    readonly remote: RemoteClusters;
    readonly connections: CoreConnections;
    readonly secrets: SecretCache;
    readonly identity: CoreIdentity;
  }) {
    this.#local = options.local;
    this.#remote = options.remote;
    this.#connections = options.connections;
    this.#secrets = options.secrets;
    this.#identity = options.identity;
  }

  async of(app: OverseerApp): Promise<Destination> {
    const key = appKey(app.metadata);
    const destination = await this.#of(key, app);
    this.#current.set(key, destination);
    return destination;
  }

  current(app: string): Destination | undefined {
    return this.#current.get(app);
  }

  forget(app: string): void {
    this.#current.delete(app);
    this.#release(app);
  }

  #release(app: string): void {
    this.#connections.release(app);
    this.#remote.release(app);
    if (!this.#secretsOf.delete(app)) return;
    this.#secrets.retain(new Set([...this.#secretsOf.values()].flat()));
  }

  async #of(key: string, { metadata: { namespace }, spec }: OverseerApp): Promise<Destination> {
    const { overseer, kubernetes } = spec.destination;
    const kubeconfig = kubernetes?.kubeConfigSecretRef;
    try {
      if (overseer !== undefined) return await this.#core(namespace, key, overseer);
      if (kubeconfig !== undefined) return await this.#cluster(namespace, key, kubeconfig);
    } catch (error) {
      if (!(error instanceof OverseerError)) throw error;
      this.#connections.release(key);
      this.#remote.release(key);
      const { reason, message } = error;
      const terminal = kubeconfig !== undefined && error.class === "terminal";
      return new UnavailableDestination(overseer?.url ?? "a remote cluster", { reason, message, terminal });
    }
    // The app may have had a remote destination before.
    this.#release(key);
    return this.#local;
  }

  async #cluster(namespace: string, app: string, { name, key }: KubeconfigRef): Promise<Destination> {
    this.#secretsOf.set(app, [`${namespace}/${name}`]);
    const secret = await this.#read(namespace, name, "kubernetes.kubeConfigSecretRef", "terminal");
    this.#connections.release(app);
    return this.#remote.use(app, remoteAccess(secret, key, this.#identity.digestKey)).destination;
  }

  async #core(namespace: string, app: string, core: CoreSpec): Promise<Destination> {
    const access = await this.#access(namespace, app, core);
    this.#remote.release(app);
    const connection = this.#connections.use(app, access, core.interval);
    const destination = this.#byConnection.get(connection) ?? new OverseerDestination(connection, this.#identity);
    this.#byConnection.set(connection, destination);
    return destination;
  }

  async #access(namespace: string, app: string, { url, secretRef, caSecretRef }: CoreSpec): Promise<CoreAccess> {
    const names = [secretRef.name, ...(caSecretRef ? [caSecretRef.name] : [])];
    this.#secretsOf.set(
      app,
      names.map((name) => `${namespace}/${name}`),
    );
    const secret = await this.#read(namespace, secretRef.name, "overseer.secretRef", "retryable");
    const ca = caSecretRef && (await this.#read(namespace, caSecretRef.name, "overseer.caSecretRef", "retryable"));
    return coreAccess(url, secret, ca, this.#identity.digestKey);
  }

  async #read(namespace: string, name: string, field: string, kind: "terminal" | "retryable"): Promise<SecretData> {
    const where = `Secret ${namespace}/${name}`;
    const data = await this.#secrets.read(namespace, name);
    if (data) return { where, data };
    throw new OverseerError(
      `the ${where} in spec.destination.${field} does not exist: create it, or re-create the app with the right name`,
      { code: "SECRET_NOT_FOUND", reason: "SecretNotFound", class: kind },
    );
  }
}
