import { GROUP } from "../../../api/group.js";
import type { RawObject } from "../../../kube/object.js";
import { appTarget, changesOf } from "../../connection/apps.js";
import type { Connection } from "../../connection/connection.js";
import { eventsOf, type ShownEvent } from "../../connection/events.js";
import type { LiveApp } from "../../connection/live.js";
import { Patience, passes, resumeWatch } from "../../connection/resume-watch.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { EVENT, KINDS } from "../../kinds.js";
import { formatValue, type Output } from "../../output/objects.js";
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
    // The position comes first, so that no Event falls between the list and the watch.
    const position = flags.watch === true ? await positionOf(connection, target) : undefined;
    const subjects = await subjectsOf(connection, target);
    const found = await eventsAbout(connection, subjects);
    await printEvents(found, flags.output);
    if (found.length === 0)
      hint(flags, `there are no Events about ${target.name}: the API server keeps them for an hour`);
    if (position !== undefined) await follow(connection, { target, subjects, found, position }, flags.output);
    return EXIT.done;
  });
}

/** What Events are about: the UIDs in each namespace. */
type Subjects = ReadonlyMap<string, readonly string[]>;

async function subjectsOf(connection: Connection, target: Target): Promise<Subjects> {
  const app = await connection.get<LiveApp>(target);
  const namespace = app.metadata.namespace ?? "";
  const { name: repositoryName, namespace: repositoryNamespace = namespace } = app.spec.source.repositoryRef;
  const repository = await connection.find({
    kind: KINDS.repository,
    namespace: repositoryNamespace,
    name: repositoryName,
  });
  const changes = await changesOf(connection, target);
  const own = [app.metadata.uid, ...changes.map(({ metadata }) => metadata.uid)];
  if (repository === undefined) return new Map([[namespace, own]]);
  if (repositoryNamespace === namespace) return new Map([[namespace, [...own, repository.metadata.uid]]]);
  return new Map([
    [namespace, own],
    [repositoryNamespace, [repository.metadata.uid]],
  ]);
}

async function eventsAbout(connection: Connection, subjects: Subjects): Promise<readonly ShownEvent[]> {
  const found: ShownEvent[] = [];
  for (const [namespace, uids] of subjects) found.push(...(await eventsOf(connection, namespace, uids)));
  return found.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

async function printEvents(events: readonly ShownEvent[], output: Output, isLater = false): Promise<void> {
  if (output === "name") print(events.map(({ reason, object }) => `${object} ${reason}\n`).join(""));
  else if (output !== "json" && output !== "yaml") print(formatEvents(events, { withoutHeader: isLater }));
  else if (!isLater) print(await formatValue(events, output));
  else
    for (const event of events)
      print(output === "yaml" ? `---\n${await formatValue(event, "yaml")}` : await formatValue(event, "json"));
}

/** The position of the list of Events of the namespace. */
async function positionOf(connection: Connection, target: Target): Promise<string> {
  const namespace = connection.namespaceOf(target);
  // No object has this name: only the position of the list is wanted.
  return (await connection.list(EVENT, { namespace, fields: "metadata.name=none" })).metadata.resourceVersion;
}

/** What is known when a watch of Events begins. */
interface Beginning {
  readonly target: Target;
  readonly subjects: Subjects;
  readonly found: readonly ShownEvent[];
  readonly position: string;
}

/** Prints the Events that are new after each event of the namespace. Ends by an error that does not pass, or with the program. */
async function follow(connection: Connection, beginning: Beginning, output: Output): Promise<never> {
  const { target } = beginning;
  let { subjects, position } = beginning;
  const keyOf = ({ uid, count }: ShownEvent): string => `${uid}/${count}`;
  const printed = new Set(beginning.found.map(keyOf));
  const patience = new Patience();
  const printFresh = async (): Promise<void> => {
    // There may be new Changes. The Events of a deletion come when the app no longer exists.
    subjects = await subjectsOf(connection, target).catch((error: unknown) => {
      if (passes(error) || !(error instanceof CommandError)) throw error;
      return subjects;
    });
    const fresh = (await eventsAbout(connection, subjects)).filter((event) => !printed.has(keyOf(event)));
    for (const event of fresh) printed.add(keyOf(event));
    await printEvents(fresh, output, true);
  };
  for (;;) {
    const start = { namespace: connection.namespaceOf(target), resourceVersion: position };
    for await (const { type, object } of resumeWatch<EventObject>(connection, EVENT, start, patience))
      if (type !== "DELETED" && isOurs(object)) await patience.request(printFresh);
    // The position has expired.
    position = await patience.request(() => positionOf(connection, target));
    await patience.request(printFresh);
  }
}

type EventObject = RawObject & { readonly involvedObject?: { readonly apiVersion?: string } };

/** Other Events of the namespace are about objects of other programs. */
function isOurs({ involvedObject }: EventObject): boolean {
  return involvedObject?.apiVersion?.startsWith(`${GROUP}/`) ?? true;
}
