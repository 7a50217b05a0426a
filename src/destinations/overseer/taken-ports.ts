import { CORE_OBJECT_GROUP, type CoreAppSpec } from "../../api/core/objects.js";
import type { Document } from "../../manifest/document.js";
import type { DocumentFault } from "../../plan/actions.js";
import { type AppRef, appKey } from "../../plan/live.js";
import { type HostPort, hostPorts, sharedPort } from "../../render/overseer/compose/host-ports.js";
import { desiredOf } from "./desired-spec.js";
import { composeValue } from "./kinds/compose-text.js";
import { type OwnershipRecord, ownershipOf } from "./ownership-record.js";
import type { AppRecord } from "./state/core-records.js";
import type { CoreState } from "./state/core-state.js";

/** Input of `TakenPorts`. */
export interface PortFacts {
  readonly state: CoreState;
  readonly app: AppRef;
  readonly instance: string;
  /** All documents of the source. Their desired ports count, not the live ones. */
  readonly all: readonly Document[];
}

/** An app that publishes ports after the Change. */
interface Holder {
  readonly app: string;
  /** The owner, for users. */
  readonly owner: string;
  /** Id of its node, or a placeholder. */
  readonly node: string;
  readonly ports: readonly HostPort[];
}

/** Caches the ports of live apps by record, which is immutable. */
const published = new WeakMap<AppRecord, readonly HostPort[]>();

/**
 * Host ports in use on each node after a Change: the desired ports of all documents of the source, and the live ports of all
 * other apps. Apps that were removed from the source free their ports.
 */
export class TakenPorts {
  readonly #facts: PortFacts;
  #holders: ReadonlyMap<string, readonly Holder[]> | undefined;

  constructor(facts: PortFacts) {
    this.#facts = facts;
  }

  /** Returns a fault for each port that an app newly publishes and another app already uses. */
  faultsOf(document: Document): DocumentFault[] {
    const { state } = this.#facts;
    const spec = document.object.spec as CoreAppSpec;
    const ports = hostPorts(spec.compose);
    if (ports.length === 0) return [];
    const { name } = document.id;
    const node = desiredNode(name, spec.node, state);
    const record = state.appNamed(name);
    const own = record !== undefined && liveNode(record, state) === node ? portsOf(record) : [];
    this.#holders ??= this.#collect();
    const others = (this.#holders.get(node) ?? []).filter(({ app }) => app !== name);
    return ports
      .filter((port) => !own.some((held) => isEqual(held, port)))
      .flatMap((port) => {
        const taken = firstTaken(port, others);
        return taken === undefined
          ? []
          : [faultAt(document, port, taken.shared, taken.holder, nodeName(spec.node, node, state))];
      });
  }

  #collect(): ReadonlyMap<string, readonly Holder[]> {
    const { state, all } = this.#facts;
    const desired = new Set<string>();
    const holders: Holder[] = [];
    for (const document of all) {
      if (!isApp(document)) continue;
      const spec = desiredOf(document).spec as CoreAppSpec;
      const app = document.id.name;
      desired.add(app);
      holders.push({
        app,
        owner: "of this source",
        node: desiredNode(app, spec.node, state),
        ports: hostPorts(spec.compose),
      });
    }
    for (const record of state.all("app")) {
      if (desired.has(record.name) || this.#isLeaving(record)) continue;
      const owner = ownerOf(ownershipOf(record.metadata));
      holders.push({ app: record.name, owner, node: liveNode(record, state), ports: portsOf(record) });
    }
    const byNode = new Map<string, Holder[]>();
    for (const holder of holders.sort((a, b) => (a.app < b.app ? -1 : 1))) {
      if (holder.ports.length === 0) continue;
      const known = byNode.get(holder.node);
      if (known === undefined) byNode.set(holder.node, [holder]);
      else known.push(holder);
    }
    return byNode;
  }

  /** Whether the Change deletes an app: it belongs to this source, which no longer contains it, and nothing protects it. */
  #isLeaving({ metadata }: AppRecord): boolean {
    const ownership = ownershipOf(metadata);
    const { app, instance } = this.#facts;
    const isOurs = ownership?.instance === instance && ownership.app === appKey(app);
    return isOurs && ownership.keepAnnotations.length === 0 && !ownership.pruneDisabled;
  }
}

function isApp({ id }: Document): boolean {
  return id.group === CORE_OBJECT_GROUP && id.kind === "App";
}

function portsOf(record: AppRecord): readonly HostPort[] {
  const known = published.get(record);
  if (known !== undefined) return known;
  const ports = record.compose.includes("ports") ? hostPorts(composeValue(record.compose)) : [];
  published.set(record, ports);
  return ports;
}

/** Returns the id of a node by name. Without a name, returns that of the only node. */
function nodeOf(name: string | undefined, state: CoreState): string {
  if (name !== undefined) return state.nodeNamed(name)?.id ?? `named ${name}`;
  const [only, other] = state.all("node");
  return only !== undefined && other === undefined ? only.id : "";
}

function liveNode({ nodeId, assignedNodeId }: AppRecord, state: CoreState): string {
  return nodeId ?? assignedNodeId ?? nodeOf(undefined, state);
}

/** Returns the id of the node that an app is deployed to after the Change: a Core keeps the node that it has chosen. */
function desiredNode(app: string, node: string | undefined, state: CoreState): string {
  return node === undefined ? (state.appNamed(app)?.assignedNodeId ?? nodeOf(node, state)) : nodeOf(node, state);
}

/** Returns the name of a node for a message; undefined for the only node. */
function nodeName(named: string | undefined, id: string, state: CoreState): string | undefined {
  const [, other] = state.all("node");
  return named ?? (other === undefined ? undefined : (state.byId("node", id)?.name ?? "that the Core chooses"));
}

function isEqual(a: HostPort, b: HostPort): boolean {
  return a.address === b.address && a.protocol === b.protocol && a.first === b.first && a.last === b.last;
}

function firstTaken(
  port: HostPort,
  holders: readonly Holder[],
): { readonly holder: Holder; readonly shared: string } | undefined {
  for (const holder of holders) {
    for (const other of holder.ports) {
      const shared = sharedPort(port, other);
      if (shared !== undefined) return { holder, shared };
    }
  }
  return undefined;
}

function ownerOf(ownership: OwnershipRecord | undefined): string {
  return ownership === undefined ? "not managed by an OverseerApp" : `of OverseerApp ${ownership.app}`;
}

function faultAt(
  document: Document,
  { service, index }: HostPort,
  shared: string,
  { app, owner }: Holder,
  node: string | undefined,
): DocumentFault {
  const { origin, path } = document.places?.get(`port ${service} ${index}`) ?? { origin: document.origin, path: [] };
  const where = node === undefined ? "the only node" : `node ${node}`;
  const message = `service ${service} publishes host port ${shared} of ${where}, which app ${app} (${owner}) already publishes: change the port, or move one of the apps to another node`;
  return { origin, path, message };
}
