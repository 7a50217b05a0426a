import { lookup as resolve } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { OverseerError } from "../base/errors.js";
import type { HostRules } from "../base/host-rules.js";
import { isPublicAddress } from "../base/private-address.js";

/**
 * Which addresses channels may reach: public ones, and others only of hosts that the administrator allows. An address is checked
 * when the connection is made, so that a name cannot change its address after the check.
 */
export class Reach {
  readonly #allowed: HostRules;

  constructor(allowed: HostRules) {
    this.#allowed = allowed;
  }

  /** Throws `HostNotAllowed` if `host` is an address that may not be reached. */
  check(host: string, port: number): void {
    const plain = host.replace(/^\[|\]$/g, "");
    if (isIP(plain) !== 0 && !isPublicAddress(plain) && !this.#allowed.allows(host, port)) throw notAllowed(host, port);
  }

  /** Returns a resolver of names that fails if a name has an address that may not be reached. */
  lookup(port: number): LookupFunction {
    return (host, options, callback) => {
      resolve(host, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, []);
        const first = addresses[0];
        const isReachable =
          this.#allowed.allows(host, port) || addresses.every(({ address }) => isPublicAddress(address));
        if (!isReachable || first === undefined) return callback(notAllowed(host, port), []);
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    };
  }
}

function notAllowed(host: string, port: number): OverseerError {
  return new OverseerError(
    `the host ${host}:${port} of the channel has no public address, and is not in --notification-hosts of the operator: use another host, or ask the administrator to allow this one`,
    { code: "NOTIFY_HOST_NOT_ALLOWED", reason: "HostNotAllowed", class: "terminal" },
  );
}
