import type { OverseerApp } from "../api/overseer-app.js";
import { OverseerError } from "../base/errors.js";
import type { ValuesObject, ValuesReader } from "../controllers/overseer-app/app-services.js";
import type { SecretCache } from "../controllers/secret-cache.js";
import { isStatus } from "../kube/errors.js";
import { appKey } from "../plan/live.js";

/** What an `AppValues` is made of. */
export interface AppValuesOptions {
  readonly secrets: SecretCache;
  readonly configMaps: SecretCache;
  readonly trustedNamespaces: ReadonlySet<string>;
  /** User for apps without a ServiceAccount in trusted namespaces; undefined for the operator itself. */
  readonly trustedUser: string | undefined;
  /** Called when an app may not read an object. */
  readonly onForbidden: (app: string) => void;
}

/**
 * Reads ConfigMaps and Secrets as the ServiceAccount of an app: an app cannot learn more than its ServiceAccount may read. The
 * operator's own permissions serve the metadata watches only.
 */
export class AppValues implements ValuesReader {
  readonly #options: AppValuesOptions;
  readonly #used = new Map<string, readonly ValuesObject[]>();

  constructor(options: AppValuesOptions) {
    this.#options = options;
  }

  use({ metadata }: OverseerApp, objects: readonly ValuesObject[]): void {
    const key = appKey(metadata);
    const before = this.#used.get(key) ?? [];
    if (objects.length === 0) this.#used.delete(key);
    else this.#used.set(key, objects);
    if (before.some(({ kind, name }) => !objects.some((object) => object.kind === kind && object.name === name)))
      this.#retain();
  }

  async read(app: OverseerApp, { kind, name }: ValuesObject): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    const { namespace } = app.metadata;
    const { secrets, configMaps, onForbidden } = this.#options;
    const user = this.#userOf(app);
    try {
      const data = await (kind === "Secret" ? secrets : configMaps).read(namespace, name, user);
      if (data === undefined) return undefined;
      const encoding = kind === "Secret" ? "base64" : "utf8";
      return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, encoding)]));
    } catch (error) {
      if (!isStatus(error, 403)) throw error;
      onForbidden(appKey(app.metadata));
      const { serviceAccountName } = app.spec;
      const reader =
        serviceAccountName === undefined
          ? (user ?? "the operator")
          : `ServiceAccount ${namespace}/${serviceAccountName}`;
      throw new OverseerError(
        `${reader} may not read ${kind} ${namespace}/${name}: grant it the verb get for ${kind === "Secret" ? "secrets" : "configmaps"} of this name`,
        { code: "VALUES_FORBIDDEN", reason: "ValuesForbidden", class: "retryable" },
      );
    }
  }

  forget(app: string): void {
    if (this.#used.delete(app)) this.#retain();
  }

  /** The user to read as; undefined for the operator itself, where it applies apps of a trusted namespace as itself. */
  #userOf({ metadata: { namespace }, spec }: OverseerApp): string | undefined {
    const { serviceAccountName, destination } = spec;
    if (serviceAccountName !== undefined) return `system:serviceaccount:${namespace}:${serviceAccountName}`;
    const isRemote = destination.kubernetes?.kubeConfigSecretRef !== undefined;
    if (this.#options.trustedNamespaces.has(namespace) && !isRemote) return this.#options.trustedUser;
    throw new OverseerError(
      `ConfigMaps and Secrets are read as spec.serviceAccountName, which is not set: set it to a ServiceAccount in namespace ${namespace} that may read them`,
      { code: "VALUES_READER", reason: "ServiceAccountRequired", class: "terminal" },
    );
  }

  #retain(): void {
    const keys = (wanted: ValuesObject["kind"]): Set<string> => {
      const found = [...this.#used].flatMap(([app, objects]) => {
        const [namespace = ""] = app.split("/");
        return objects.flatMap(({ kind, name }) => (kind === wanted ? [`${namespace}/${name}`] : []));
      });
      return new Set(found);
    };
    this.#options.secrets.retain(keys("Secret"));
    this.#options.configMaps.retain(keys("ConfigMap"));
  }
}
