import { isIP } from "node:net";
import { isRecord } from "../../../manifest/shape.js";
import { type Findings, Reporter } from "../reporter.js";
import { runs } from "./dependencies.js";
import { checkPorts, type PublishedPort } from "./ports.js";
import type { Mapping } from "./shape.js";

/** A port or range of the node that a service of a Compose document publishes. */
export interface HostPort extends PublishedPort {
  readonly service: string;
}

/**
 * The ports of the node that the services of a finished Compose document publish. Services that do not run, or that use
 * the network of the host itself, publish none; nor does what cannot be read.
 */
export function hostPorts(compose: unknown): readonly HostPort[] {
  const services = isRecord(compose) && isRecord(compose.services) ? Object.entries(compose.services) : [];
  return services.flatMap(([service, content]): HostPort[] => {
    if (!isRecord(content) || !Array.isArray(content.ports) || !publishes(content)) return [];
    return checkPorts({ ports: content.ports }, unheard()).published.map((port) => ({ ...port, service }));
  });
}

function publishes(service: Mapping): boolean {
  return runs(service) && service.network_mode !== "host";
}

/** What is wrong with a port is reported where the document is checked. */
function unheard(): Reporter {
  const findings: Findings = { problems: [], notes: [] };
  return new Reporter(findings, { file: "", line: 1 }, "");
}

type Taken = Pick<PublishedPort, "address" | "protocol" | "first" | "last">;

/** The first port that both take, as `80/tcp`; undefined when a node can give each what it publishes. */
export function sharedPort(a: Taken, b: Taken): string | undefined {
  const first = Math.max(a.first, b.first);
  if (a.protocol !== b.protocol || first > Math.min(a.last, b.last)) return undefined;
  return addressesMeet(a.address, b.address) ? `${first}/${a.protocol}` : undefined;
}

/** Whether two addresses of a node include one another: none is all of them, `0.0.0.0` and `::` are all of their family. */
function addressesMeet(a: string, b: string): boolean {
  if (a === "" || b === "") return true;
  const [left, right] = [canonical(a), canonical(b)];
  if (left === right) return true;
  if (isIP(a) !== isIP(b)) return false;
  return [left, right].some((address) => address === "0.0.0.0" || address === "::");
}

/** One spelling for each IPv6 address. */
function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
