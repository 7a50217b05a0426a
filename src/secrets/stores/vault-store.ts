import { isRecord } from "../../manifest/shape.js";
import { type SecretData, type SecretReader, storeDenied } from "./secret-store.js";
import type { StoreClient } from "./store-client.js";
import { escapePath, type VaultSession } from "./vault-session.js";

/** Reads a KV engine of version 2. */
export class VaultStoreReader implements SecretReader {
  readonly #client: StoreClient;
  readonly #session: VaultSession;
  readonly #mount: string;

  constructor(client: StoreClient, session: VaultSession, mount: string) {
    this.#client = client;
    this.#session = session;
    this.#mount = mount;
  }

  async read(name: string, version: number | undefined): Promise<SecretData | undefined> {
    const query = version === undefined ? "" : `?version=${version}`;
    const path = `${this.#mount}/data/${name}`;
    const response = await this.#session.request({ method: "GET", path: `/v1/${escapePath(path)}${query}` });
    const { status, body } = response;
    // 404 also has data: that of a version that was deleted.
    if (status === 404) return undefined;
    if (status === 403)
      throw storeDenied(
        `${this.#client.what} does not permit ${this.#session.who} to read ${path}: give it a policy with the capability read`,
      );
    const outer = isRecord(body) ? body.data : undefined;
    const data = isRecord(outer) ? outer.data : undefined;
    if (status !== 200 || !isRecord(data))
      throw this.#session.failure(response, `read ${path}, which must be of a KV engine of version 2`);
    return new Map(Object.entries(data).map(([key, value]) => [key, bytesOf(value)]));
  }
}

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}
