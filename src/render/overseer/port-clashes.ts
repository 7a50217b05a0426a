import { showPath } from "../../manifest/field-path.js";
import { type HostPort, sharedPort } from "./compose/host-ports.js";
import type { FieldProblem, Reporter } from "./reporter.js";

/** Host ports that one app of a source publishes. */
export interface AppPorts {
  readonly app: string;
  /** Node that the app names. Undefined for the only node of the Core. */
  readonly node: string | undefined;
  readonly ports: readonly HostPort[];
  /** Reporter of the Compose document. */
  readonly report: Reporter;
}

/** Limit on comparisons. Ordinary sources need little more than one per port. */
const MAX_COMPARED = 2_000_000;

/** Limit on reported conflicts. */
const MAX_CLASHES = 1000;

interface Entry {
  readonly owner: AppPorts;
  readonly port: HostPort;
  /** Position among all ports of the source. */
  readonly order: number;
}

interface Clash extends Entry {
  /** The earlier of the two. */
  readonly other: Entry;
  /** `80/tcp`. */
  readonly shared: string;
}

/**
 * Finds host ports that two apps of a source publish on the same node. Each pair of apps is reported once, at the app that is
 * later in document order.
 */
export function portClashes(apps: readonly AppPorts[]): readonly FieldProblem[] {
  const clashes: Clash[] = [];
  const seen = new Set<string>();
  let compared = 0;
  for (const entries of byNode(apps)) {
    for (const [index, entry] of entries.entries()) {
      for (
        let next = index + 1;
        next < entries.length && compared < MAX_COMPARED && clashes.length < MAX_CLASHES;
        next++
      ) {
        const candidate = entries[next];
        if (candidate === undefined || candidate.port.first > entry.port.last) break;
        compared++;
        const [earlier, later] = entry.order < candidate.order ? [entry, candidate] : [candidate, entry];
        // Compose on the node validates conflicts between services of one app.
        if (earlier.owner === later.owner) continue;
        const shared = sharedPort(earlier.port, later.port);
        const pair = JSON.stringify([earlier.owner.app, later.owner.app]);
        if (shared === undefined || seen.has(pair)) continue;
        seen.add(pair);
        clashes.push({ ...later, other: earlier, shared });
      }
    }
  }
  return clashes.sort((a, b) => a.order - b.order || a.other.order - b.other.order).map(describe);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Groups ports by node, sorted by first port number. Ports on all addresses come first because they conflict with most others. */
function byNode(apps: readonly AppPorts[]): Iterable<Entry[]> {
  const nodes = new Map<string | undefined, Entry[]>();
  let order = 0;
  for (const owner of apps) {
    const entries = nodes.get(owner.node) ?? [];
    nodes.set(owner.node, entries);
    for (const port of owner.ports) entries.push({ owner, port, order: order++ });
  }
  for (const entries of nodes.values()) {
    entries.sort((a, b) => a.port.first - b.port.first || compare(a.port.address, b.port.address) || a.order - b.order);
  }
  return nodes.values();
}

function describe({ owner, port, other, shared }: Clash): FieldProblem {
  const node = owner.node === undefined ? "the only node" : `node ${owner.node}`;
  return reporterOf(owner, port).field(
    `host port ${shared} of ${node} is also published by app ${other.owner.app} (${placeOfPort(other)}): ` +
      "change the port, or move one of the apps to another node",
  );
}

function placeOfPort({ owner, port }: Entry): string {
  const { origin, path } = reporterOf(owner, port).fieldPlace;
  return `${origin.file}, ${showPath(path)}`;
}

function reporterOf({ report }: AppPorts, { service, index }: HostPort): Reporter {
  return report.at("services", service, "ports", index);
}
