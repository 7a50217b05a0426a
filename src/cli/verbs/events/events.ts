import { appTarget, changesOf, type LiveApp } from "../../cluster/apps.js";
import type { Cluster } from "../../cluster/cluster.js";
import { eventsOf, type ShownEvent } from "../../cluster/events.js";
import { watchPath } from "../../cluster/watch.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { formatValue } from "../../output/objects.js";
import type { Target } from "../../target.js";
import { hint, print } from "../../terminal.js";
import { formatEvents } from "./format-events.js";

/** Flags of `overseer events`. */
export interface EventsFlags extends ClusterFlags, OutputFlags {
  readonly watch?: boolean;
}

/** Runs `overseer events`: those about an app, its Changes and its repository. */
export function events(name: string, flags: EventsFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const target = appTarget(name);
    const found = await eventsAbout(cluster, target);
    const { output } = flags;
    if (output === "json" || output === "yaml") print(await formatValue(found, output));
    else if (output === "name") print(found.map(({ reason, object }) => `${object} ${reason}\n`).join(""));
    else print(formatEvents(found));
    if (found.length === 0)
      hint(flags, `there are no Events about ${target.name}: the API server keeps them for an hour`);
    if (flags.watch === true) await follow(cluster, target, found);
    return EXIT.done;
  });
}

async function eventsAbout(cluster: Cluster, target: Target): Promise<readonly ShownEvent[]> {
  const app = await cluster.get<LiveApp>(target);
  const namespace = app.metadata.namespace ?? "";
  const { name: repositoryName, namespace: repositoryNamespace = namespace } = app.spec.source.repositoryRef;
  const repository = await cluster.find({
    kind: KINDS.repository,
    namespace: repositoryNamespace,
    name: repositoryName,
  });
  const changes = await changesOf(cluster, target);
  const own = await eventsOf(cluster, namespace, [
    app.metadata.uid,
    ...changes.map(({ metadata }) => metadata.uid),
    ...(repositoryNamespace === namespace && repository !== undefined ? [repository.metadata.uid] : []),
  ]);
  const other =
    repository !== undefined && repositoryNamespace !== namespace
      ? await eventsOf(cluster, repositoryNamespace, [repository.metadata.uid])
      : [];
  return [...own, ...other].sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** Prints the Events that are new after each event of the namespace, until Ctrl+C. */
async function follow(cluster: Cluster, target: Target, shown: readonly ShownEvent[]): Promise<void> {
  const keyOf = ({ uid, count }: ShownEvent): string => `${uid}/${count}`;
  const printed = new Set(shown.map(keyOf));
  const path = `/api/v1/namespaces/${encodeURIComponent(cluster.namespaceOf(target))}/events`;
  for (;;) {
    const { metadata } = await cluster.request<{ metadata: { resourceVersion: string } }>({
      method: "GET",
      path,
      query: { limit: "1" },
    });
    const start = { namespace: cluster.namespaceOf(target), resourceVersion: metadata.resourceVersion };
    for await (const { type } of watchPath(cluster, path, start)) {
      if (type === "ERROR") break;
      if (type === "BOOKMARK" || type === "DELETED") continue;
      const fresh = (await eventsAbout(cluster, target)).filter((event) => !printed.has(keyOf(event)));
      for (const event of fresh) printed.add(keyOf(event));
      print(formatEvents(fresh, { withoutHeader: true }));
    }
  }
}
