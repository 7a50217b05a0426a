import { lookup as resolve } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import type { HostRules } from "./host-rules.js";
import { isPublicAddress } from "./private-address.js";

/**
 * Which addresses outgoing requests may reach: public ones, and others only of hosts that the administrator allows. An address is
 * checked when the connection is made, so that a name cannot change its address after the check.
 */
export class ReachableAddresses {
  readonly #allowed: HostRules;
  readonly #refusal: (host: string, port: number) => Error;

  /** `refusal`: the error for a host that may not be reached. */
  constructor(allowed: HostRules, refusal: (host: string, port: number) => Error) {
    this.#allowed = allowed;
    this.#refusal = refusal;
  }

  /** Throws the refusal if `host` is an address that may not be reached. */
  check(host: string, port: number): void {
    const plain = host.replace(/^\[|\]$/g, "");
    if (isIP(plain) !== 0 && !isPublicAddress(plain) && !this.#allowed.allows(host, port))
      throw this.#refusal(host, port);
  }

  /**
   * Checks a host as `lookup` does, for connections that a proxy makes. Rejects with the refusal, or with the error of the resolver. The
   * proxy resolves the name again. Names of allowed hosts need not be known here.
   */
  async checkNow(host: string, port: number): Promise<void> {
    this.check(host, port);
    const plain = host.replace(/^\[|\]$/g, "");
    if (isIP(plain) !== 0 || this.#allowed.allows(host, port)) return;
    await new Promise<void>((resolve, reject) => {
      this.lookup(port)(plain, { all: true }, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** Returns a resolver of names that fails if a name has an address that may not be reached. */
  lookup(port: number): LookupFunction {
    return (host, options, callback) => {
      resolve(host, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, []);
        const first = addresses[0];
        const isReachable =
          this.#allowed.allows(host, port) || addresses.every(({ address }) => isPublicAddress(address));
        if (!isReachable || first === undefined) return callback(this.#refusal(host, port), []);
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    };
  }
}
