import { isIP } from "node:net";
import { isRecord } from "../../../manifest/shape.js";
import { type Findings, Reporter } from "../reporter.js";
import { runs } from "./dependencies.js";
import { checkPorts, type PublishedPort } from "./ports.js";
import type { Mapping } from "./shape.js";

/** A host port or port range that a service publishes. */
export interface HostPort extends PublishedPort {
  readonly service: string;
}

/**
 * Returns the host ports that the services of a rendered Compose document publish. Services that do not run or use the host
 * network publish none. Invalid ports are skipped.
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

/** Discards problems: they were reported when the document was validated. */
function unheard(): Reporter {
  const findings: Findings = { problems: [], notes: [] };
  return new Reporter(findings, { file: "", line: 1 }, "");
}

type Taken = Pick<PublishedPort, "address" | "protocol" | "first" | "last">;

/** Returns the first port that both publish, for example `80/tcp`, or undefined if they do not conflict. */
export function sharedPort(a: Taken, b: Taken): string | undefined {
  const first = Math.max(a.first, b.first);
  if (a.protocol !== b.protocol || first > Math.min(a.last, b.last)) return undefined;
  return addressesMeet(a.address, b.address) ? `${first}/${a.protocol}` : undefined;
}

/** Reports whether two host addresses overlap. An empty address means all; `0.0.0.0` and `::` mean all of their family. */
function addressesMeet(a: string, b: string): boolean {
  if (a === "" || b === "") return true;
  const [left, right] = [canonical(a), canonical(b)];
  if (left === right) return true;
  if (isIP(a) !== isIP(b)) return false;
  return [left, right].some((address) => address === "0.0.0.0" || address === "::");
}

/** Normalizes an IPv6 address. */
function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
