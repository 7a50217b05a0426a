import { isSystemSecret } from "../../api/core/app-backup.js";
import { isRecord } from "../../manifest/shape.js";
import { type SecretData, type SecretReader, storeDenied, storeUnavailable } from "./secret-store.js";
import type { StoreClient, StoreResponse } from "./store-client.js";

/** Key of the only value of a secret of a Core. */
const VALUE_KEY = "value";

/** Reads the global secrets of an Overseer Core. */
export class CoreStoreReader implements SecretReader {
  readonly #client: StoreClient;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #from: string;

  /** `from`: the Secret with the token, for messages. */
  constructor(client: StoreClient, token: string, from: string) {
    this.#client = client;
    this.#headers = { authorization: `Bearer ${token}` };
    this.#from = from;
  }

  async read(name: string): Promise<SecretData | undefined> {
    if (isSystemSecret(name))
      throw storeDenied(
        `${name.slice(0, 128)} is a secret for backups or registries, which a Core returns to its agents only: store what the app uses under another name`,
      );
    const list = this.#checked(
      await this.#client.request({ method: "GET", path: "/api/secrets", headers: this.#headers }),
    );
    const secrets = isRecord(list) && Array.isArray(list.secrets) ? list.secrets : [];
    const found = secrets.find((one: unknown) => isRecord(one) && one.name === name && one.scope === "global");
    if (!isRecord(found)) return undefined;
    const path = `/api/secrets/${encodeURIComponent(String(found.id))}/value`;
    const response = await this.#client.request({ method: "POST", path, headers: this.#headers });
    if (response.status === 404) return undefined;
    const body = this.#checked(response);
    const value = isRecord(body) ? body.value : undefined;
    if (typeof value !== "string")
      throw storeUnavailable(`${this.#client.what} sent no value: is it an Overseer Core?`);
    return new Map([[VALUE_KEY, Buffer.from(value)]]);
  }

  #checked({ status, body }: StoreResponse): unknown {
    if (status === 401)
      throw storeDenied(`${this.#client.what} rejected the token of ${this.#from} (401): store a valid one`);
    if (status === 403)
      throw storeDenied(
        `${this.#client.what} denied the request (403): give the token of ${this.#from} the role secret-reader`,
      );
    if (status >= 400) throw storeUnavailable(`${this.#client.what} answered ${status}`);
    return body;
  }
}
