import { appTarget, changesOf } from "../../connection/apps.js";
import type { Connection } from "../../connection/connection.js";
import { eventsOf, type ShownEvent } from "../../connection/events.js";
import type { LiveApp } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { EVENT, KINDS } from "../../kinds.js";
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
  return withConnection(flags, async (connection) => {
    const target = appTarget(name);
    const found = await eventsAbout(connection, target);
    const { output } = flags;
    if (output === "json" || output === "yaml") print(await formatValue(found, output));
    else if (output === "name") print(found.map(({ reason, object }) => `${object} ${reason}\n`).join(""));
    else print(formatEvents(found));
    if (found.length === 0)
      hint(flags, `there are no Events about ${target.name}: the API server keeps them for an hour`);
    if (flags.watch === true) await follow(connection, target, found);
    return EXIT.done;
  });
}

async function eventsAbout(connection: Connection, target: Target): Promise<readonly ShownEvent[]> {
  const app = await connection.get<LiveApp>(target);
  const namespace = app.metadata.namespace ?? "";
  const { name: repositoryName, namespace: repositoryNamespace = namespace } = app.spec.source.repositoryRef;
  const repository = await connection.find({
    kind: KINDS.repository,
    namespace: repositoryNamespace,
    name: repositoryName,
  });
  const changes = await changesOf(connection, target);
  const own = await eventsOf(connection, namespace, [
    app.metadata.uid,
    ...changes.map(({ metadata }) => metadata.uid),
    ...(repositoryNamespace === namespace && repository !== undefined ? [repository.metadata.uid] : []),
  ]);
  const other =
    repository !== undefined && repositoryNamespace !== namespace
      ? await eventsOf(connection, repositoryNamespace, [repository.metadata.uid])
      : [];
  return [...own, ...other].sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** Prints the Events that are new after each event of the namespace, until Ctrl+C. */
async function follow(connection: Connection, target: Target, shown: readonly ShownEvent[]): Promise<void> {
  const keyOf = ({ uid, count }: ShownEvent): string => `${uid}/${count}`;
  const printed = new Set(shown.map(keyOf));
  const namespace = connection.namespaceOf(target);
  for (;;) {
    // No object has this name: only the position of the list is wanted.
    const { metadata } = await connection.list(EVENT, { namespace, fields: "metadata.name=none" });
    const start = { namespace, resourceVersion: metadata.resourceVersion };
    for await (const { type } of connection.watch(EVENT, start)) {
      if (type === "ERROR") break;
      if (type === "BOOKMARK" || type === "DELETED") continue;
      const fresh = (await eventsAbout(connection, target)).filter((event) => !printed.has(keyOf(event)));
      for (const event of fresh) printed.add(keyOf(event));
      print(formatEvents(fresh, { withoutHeader: true }));
    }
  }
}
