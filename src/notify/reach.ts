import { OverseerError } from "../base/errors.js";
import type { HostRules } from "../base/host-rules.js";
import { ReachableAddresses } from "../base/reachable-addresses.js";

/** Which addresses channels may reach. */
export class Reach extends ReachableAddresses {
  constructor(allowed: HostRules) {
    super(allowed, notAllowed);
  }
}

function notAllowed(host: string, port: number): OverseerError {
  return new OverseerError(
    `the host ${host}:${port} of the channel has no public address, and is not in --notification-hosts of the operator: use another host, or ask the administrator to allow this one`,
    { code: "NOTIFY_HOST_NOT_ALLOWED", reason: "HostNotAllowed", class: "terminal" },
  );
}
