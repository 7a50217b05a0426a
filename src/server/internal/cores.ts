import type { CoreAppView, CoreList, CoreNodeView, CoreView } from "../../api/rest/cores.js";
import type { CoreConnection } from "../../destinations/overseer/client/core-connection.js";
import { composeValue } from "../../destinations/overseer/kinds/compose-text.js";
import { ownershipOf } from "../../destinations/overseer/ownership-record.js";
import type { AppRecord, NodeRecord } from "../../destinations/overseer/state/core-records.js";

/** What is read of a connection. */
export type KnownCore = Pick<CoreConnection, "apps"> & {
  readonly access: Pick<CoreConnection["access"], "url">;
  readonly follower: Pick<CoreConnection["follower"], "state" | "problem">;
};

/**
 * Returns the Cores that apps have as destination, as they were last observed, one for each connection: what one token shows is nothing to those who
 * have another one. No request is sent.
 */
export function coreList(connections: Iterable<KnownCore>): CoreList {
  return { items: [...connections].map(coreView).sort((a, b) => (a.url < b.url ? -1 : 1)) };
}

function coreView({ access: { url }, apps: users, follower: { state, problem } }: KnownCore): CoreView {
  const usedBy = [...users].sort();
  const apps = [...state.all("app")].sort((a, b) => (a.name < b.name ? -1 : 1));
  const view = (app: AppRecord): CoreAppView => appView(app, state.newestJob(app.id));
  const nodes = [...state.all("node")].map((node) =>
    nodeView(node, apps.filter((app) => nodeOf(app) === node.id).map(view)),
  );
  return {
    ...{ url, usedBy, nodes: nodes.sort(compareNodes) },
    unplaced: apps.filter((app) => state.byId("node", nodeOf(app) ?? "") === undefined).map(view),
    ...(problem === undefined ? {} : { problem: problem.message }),
  };
}

function compareNodes(a: CoreNodeView, b: CoreNodeView): number {
  const rank = ({ status, problem }: CoreNodeView): number => (status === "offline" ? 0 : problem ? 1 : 2);
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1);
}

function nodeView(node: NodeRecord, apps: readonly CoreAppView[]): CoreNodeView {
  const { name, hostname, ipAddress, version, runner, status, lastHeartbeat, problem, config, drained } = node;
  const labels = config?.labels ?? {};
  return {
    ...{
      name,
      hostname,
      version,
      status,
      schedulable: (config?.schedulable ?? true) && drained !== true,
      apps: [...apps],
    },
    ...(ipAddress === null ? {} : { address: ipAddress }),
    ...(runner === undefined ? {} : { runner }),
    // The record of a node that is online is as old as its last change, and so is the time in it.
    ...(status === "offline" && lastHeartbeat !== null ? { lastSeen: lastHeartbeat } : {}),
    ...(problem === null ? {} : { problem }),
    ...(config?.description === undefined ? {} : { description: config.description }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}

function appView(
  app: AppRecord,
  job: { readonly status: string; readonly error: string | null } | undefined,
): CoreAppView {
  const { name, version, status, observed, metadata, compose } = app;
  const images = imagesIn(compose);
  const owner = ownershipOf(metadata);
  const running = observed?.version;
  return {
    ...{ name, version, status },
    ...(owner === undefined ? {} : { app: owner.app }),
    ...(running === undefined || running === version ? {} : { running }),
    services: (observed?.services ?? [...images.keys()].map(notObserved)).map(({ lastLine, image, ...service }) => {
      // What runs, with its digest, if the agent reports it; otherwise what the document says.
      const shown = image ?? images.get(service.name);
      return {
        ...service,
        ...(shown === undefined ? {} : { image: shown }),
        ...(lastLine === null ? {} : { lastLine }),
      };
    }),
    ...(observed && observed.drift.length > 0 ? { drift: observed.drift } : {}),
    ...(job?.status === "failed" && job.error !== null ? { problem: job.error } : {}),
  };
}

/** A service of which the agent has not reported the state. */
function notObserved(name: string) {
  return { name, state: "unknown" as const, container: null, exitCode: null, lastLine: null, image: undefined };
}

/** Returns the services of a Compose document and their images. Nothing else of it is shown: it may contain secrets. */
function imagesIn(compose: string): ReadonlyMap<string, string | undefined> {
  const value = composeValue(compose) as {
    readonly services?: Readonly<Record<string, { readonly image?: unknown } | null>>;
  };
  const services = typeof value === "object" && value !== null ? Object.entries(value.services ?? {}) : [];
  return new Map(
    services.map(([name, service]) => [name, typeof service?.image === "string" ? service.image : undefined]),
  );
}

/** Returns the ID of the node that an app names, or that the Core chose for it. */
function nodeOf({ nodeId, assignedNodeId }: AppRecord): string | undefined {
  return nodeId ?? assignedNodeId ?? undefined;
}
