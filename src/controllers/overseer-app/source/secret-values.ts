import type { SecretValueReference } from "../../../api/documents/secret.js";
import type { AppSource } from "../../../api/inputs.js";
import type { SecretStore } from "../../../api/secret-stores.js";
import { parseDuration } from "../../../base/duration.js";
import { OverseerError } from "../../../base/errors.js";
import type { SecretReferenceFound } from "../../../render/renderer.js";
import { SecretValues } from "../../../render/secrets/secret-values.js";
import type { SecretData } from "../../../secrets/stores/secret-store.js";
import type { StoreAccess } from "../../../secrets/stores/secret-stores.js";
import type { AppRun } from "../run.js";
import { accessOf, type ReadKey } from "./secret-store-access.js";

/** Shortest interval at which values are read again. */
const MIN_INTERVAL_MS = 1_000;
/** Missing values in one message. */
const SHOWN = 10;

/** Reads a Secret of the app. Throws an OverseerError that names the field. */
export type ReadSecret = (name: string, field: string) => Promise<SecretData | undefined>;

/**
 * Reads everything that Secret documents refer to: nothing is written unless all of it exists.
 *
 * @throws OverseerError that names all that is missing with file and line, or why a store gives nothing.
 */
export async function readSecretValues(
  run: AppRun,
  source: AppSource,
  references: readonly SecretReferenceFound[],
  readSecret: ReadSecret,
): Promise<SecretValues> {
  const reader = new ReferenceReader(run, source.secretStores ?? [], readSecret);
  const values = new SecretValues();
  const missing: string[] = [];
  for (const { reference, place } of references) {
    if (values.get(reference) !== undefined) continue;
    const value = await reader.read(reference);
    if (typeof value === "string") missing.push(`${place}: ${value}`);
    else if (value !== undefined) values.set(reference, value);
  }
  reader.done();
  if (missing.length === 0) return values;
  const more = missing.length > SHOWN ? `; and ${missing.length - SHOWN} more` : "";
  throw new OverseerError(`${missing.slice(0, SHOWN).join("; ")}${more}`, {
    ...{ code: "SECRET_VALUES_MISSING", reason: "ValuesNotFound", class: "retryable" },
  });
}

class ReferenceReader {
  readonly #run: AppRun;
  readonly #stores: readonly SecretStore[];
  readonly #readSecret: ReadSecret;
  readonly #access = new Map<string, StoreAccess>();

  constructor(run: AppRun, stores: readonly SecretStore[], readSecret: ReadSecret) {
    this.#run = run;
    this.#stores = stores;
    this.#readSecret = readSecret;
  }

  /** Returns a value, or why there is none. Undefined for a store that does not exist, which the render reports. */
  async read(reference: SecretValueReference): Promise<Uint8Array | string | undefined> {
    const index = this.#stores.findIndex(({ name }) => name === reference.store);
    const store = this.#stores[index];
    if (store === undefined) return undefined;
    const { name, key, version } = reference;
    if (version !== undefined && store.vault === undefined)
      return `the store ${store.name} has no versions: remove version`;
    const refusal = notListed(store, name);
    if (refusal !== undefined) return refusal;
    const field = `spec.source.secretStores[${index}]`;
    const data =
      store.kubernetes === undefined
        ? await this.#entry(store, field, name, version)
        : await this.#readSecret(name, field);
    const what = `${name}${version === undefined ? "" : ` (version ${version})`} in the store ${store.name}`;
    if (data === undefined) return `there is no ${what}: create it, or correct the name`;
    return keyOf(data, key, what);
  }

  /** Releases stores that the app does not use any more. */
  done(): void {
    const { services, memory, key } = this.#run;
    for (const name of memory.storeIds.keys())
      if (!this.#stores.some((store) => store.name === name)) memory.storeIds.delete(name);
    services.secretStores.use(key, new Set(memory.storeIds.values()));
  }

  async #entry(
    store: SecretStore,
    field: string,
    name: string,
    version: number | undefined,
  ): Promise<SecretData | undefined> {
    const { services, memory } = this.#run;
    const readKey: ReadKey = async (secret, key, at) => {
      const bytes = (await this.#readSecret(secret, at))?.get(key);
      if (bytes !== undefined) return Buffer.from(bytes).toString("utf8");
      throw new OverseerError(
        `${at}: Secret ${this.#run.ref.namespace}/${secret} does not exist, or has no key ${key}: add it`,
        { code: "SECRET_STORE_CREDENTIAL", reason: "ValuesNotFound", class: "retryable" },
      );
    };
    try {
      const access = this.#access.get(store.name) ?? (await accessOf(this.#run, store, field, readKey));
      this.#access.set(store.name, access);
      memory.storeIds.set(store.name, access.id);
      const interval = parseDuration((store.vault ?? store.core)?.interval ?? "0s") ?? 0;
      const maxAgeMs = interval === 0 ? undefined : Math.max(MIN_INTERVAL_MS, interval);
      const { data, at } = await services.secretStores.read(access, name, version, {
        since: memory.secretsSince.at,
        maxAgeMs,
      });
      if (maxAgeMs !== undefined) this.#run.requeueAfter(at + maxAgeMs - services.clock.monotonic());
      return data;
    } catch (error) {
      if (!(error instanceof OverseerError) || error.code === "SECRET_STORE_CREDENTIAL") throw error;
      throw new OverseerError(`${field} (${store.name}): ${error.message}`, {
        ...{ code: error.code, reason: error.reason, class: error.class, cause: error },
      });
    }
  }
}

/** Returns why documents may not refer to a secret of a store. */
export function notListed({ name, kubernetes, vault, core }: SecretStore, secret: string): string | undefined {
  if (vault !== undefined || (kubernetes ?? core)?.secrets?.includes(secret)) return undefined;
  const type = kubernetes === undefined ? "core" : "kubernetes";
  return `Secret ${secret} is not in ${type}.secrets of the store ${name}: add it to spec.source.secretStores of the OverseerApp`;
}

function keyOf(data: SecretData, key: string | undefined, what: string): Uint8Array | string {
  if (key !== undefined)
    return data.get(key) ?? `there is no key ${key.slice(0, 100)} of ${what}: add it, or correct the key`;
  const [only, second] = [...data.values()];
  if (only !== undefined && second === undefined) return only;
  return only === undefined ? `${what} is empty` : `${what} has ${data.size} keys: set key`;
}
