import type { RemoteClusters } from "../destinations/kubernetes/remote/remote-clusters.js";
import type { CoreConnections } from "../destinations/overseer/client/core-connection.js";
import type { Controller } from "../reconcile/controller.js";
import type { Sample } from "../telemetry/line-series.js";
import type { Metrics } from "../telemetry/metrics.js";

/** Maximum number of nodes of one Core with a series, since a Core may report any number. */
const MAX_NODES = 1_000;

/** Reports at each scrape how long the oldest key of each queue has waited. */
export function collectSaturation(metrics: Metrics, queues: Readonly<Record<string, Pick<Controller, "queue">>>): void {
  metrics.lines.collected(
    {
      name: "overseer_queue_oldest_seconds",
      help: "Time in seconds for which the oldest waiting key of a queue has waited; 0 if none waits.",
      labels: ["name"],
    },
    () => Object.entries(queues).map(([name, { queue }]): Sample<"name"> => [{ name }, queue.oldestMs / 1000]),
  );
}

/** What the metrics of destinations are read from. */
export interface ReportedDestinations {
  readonly connections: CoreConnections;
  readonly clusters: { readonly remote: RemoteClusters };
}

/** Reports at each scrape which Cores, nodes and remote clusters can be reached. */
export function collectDestinations(metrics: Metrics, { connections, clusters }: ReportedDestinations): void {
  metrics.lines.collected(
    {
      name: "overseer_core_up",
      help: "Whether an Overseer Core can be read (1) or not (0), by host; 0 if one of several tokens fails.",
      labels: ["core"],
    },
    function* () {
      const up = new Map<string, boolean>();
      for (const { access, follower } of connections.all()) {
        const core = new URL(access.url).host;
        up.set(core, (up.get(core) ?? true) && follower.problem === undefined);
      }
      for (const [core, isUp] of up) yield [{ core }, Number(isUp)] as const;
    },
  );
  metrics.lines.collected(
    {
      name: "overseer_node_online",
      help: "Whether a node of an Overseer Core is online (1) or not (0), as the Core last reported.",
      labels: ["core", "node"],
    },
    function* () {
      const seen = new Set<string>();
      for (const { access, follower } of connections.all()) {
        const core = new URL(access.url).host;
        if (seen.has(core)) continue;
        seen.add(core);
        let count = 0;
        for (const { name: node, status } of follower.state.all("node"))
          if (count++ < MAX_NODES) yield [{ core, node }, Number(status === "online")] as const;
      }
    },
  );
  metrics.lines.collected(
    {
      name: "overseer_cluster_up",
      help: "Whether a remote cluster can be reached (1) or not (0), by the digest that the log has as cluster.",
      labels: ["cluster"],
    },
    function* () {
      const up = new Map<string, boolean>();
      for (const { cluster, reachable } of clusters.remote.all())
        up.set(cluster, (up.get(cluster) ?? true) && reachable);
      for (const [cluster, isUp] of up) yield [{ cluster }, Number(isUp)] as const;
    },
  );
}
