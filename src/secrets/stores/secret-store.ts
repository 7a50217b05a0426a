import { OverseerError } from "../../base/errors.js";

/** The keys of an entry of a store, with their values. */
export type SecretData = ReadonlyMap<string, Uint8Array>;

/** A store that secrets are read from. */
export interface SecretReader {
  /**
   * Returns an entry; undefined if it does not exist. `version`: that of the entry, where a store has versions.
   *
   * @throws OverseerError that says why the store gives nothing, without any value or credential.
   */
  read(name: string, version: number | undefined): Promise<SecretData | undefined>;
}

/** The store gives no answer now: it is down, sealed, or does not understand the request. */
export function storeUnavailable(message: string, cause?: unknown): OverseerError {
  return new OverseerError(message, {
    ...{ code: "SECRET_STORE_UNAVAILABLE", reason: "SecretStoreUnavailable", class: "retryable" },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The store does not accept the credential, or does not permit the request. */
export function storeDenied(message: string): OverseerError {
  return new OverseerError(message, { code: "SECRET_STORE_DENIED", reason: "SecretStoreDenied", class: "retryable" });
}

/** The settings of the store cannot be used. */
export function storeInvalid(message: string): OverseerError {
  return new OverseerError(message, { code: "SECRET_STORE_INVALID", reason: "SecretStoreInvalid", class: "terminal" });
}
