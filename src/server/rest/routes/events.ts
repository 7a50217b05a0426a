import { z } from "zod";
import { ProblemError } from "../../../http/problem.js";
import { EventStream } from "../events/event-stream.js";
import type { Identity } from "../identity/identity.js";
import type { ListedPlural, Readable } from "../identity/reading-rights.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

const TOPICS: Readonly<Record<string, ListedPlural>> = {
  apps: "overseerapps",
  changes: "changes",
  repositories: "gitrepositories",
};

const names = z.string().max(1024).optional();
const EVENTS = "text/event-stream";

/** Route of the event stream. */
export function eventRoutes(parts: RestParts): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/events",
      summary:
        "Streams changes of the rows that the user may read, as server-sent events: app, change, repository; reset means to load everything again, signin to sign in again.",
      access: "user",
      query: z.strictObject({
        topics: names.describe("apps, changes or repositories, separated by commas. Defaults to all."),
        ns: names.describe("Namespaces, separated by commas. Defaults to all."),
      }),
      responses: { 200: { stream: EVENTS } },
      handle: async ({ caller, query: { topics, ns }, headers, signal }) => {
        const plurals = pluralsOf(topics);
        const lastEventId = headers["last-event-id"];
        const rights = () => rightsOf(parts, caller, plurals);
        const stream = await parts.streams.open(caller.name, signal, async () => {
          const options = {
            ...{ hub: parts.hub, clock: parts.clock, plurals, rights, expires: caller.expires },
            namespaces: ns === undefined ? undefined : new Set(ns.split(",")),
            lastEventId: typeof lastEventId === "string" ? lastEventId : undefined,
          };
          return new EventStream(options, await rights());
        });
        return { status: 200, contentType: EVENTS, body: stream.body };
      },
    }),
  ];
}

function pluralsOf(topics: string | undefined): ReadonlySet<ListedPlural> {
  const wanted = topics?.split(",") ?? Object.keys(TOPICS);
  const plurals = wanted.map((topic) => (Object.hasOwn(TOPICS, topic) ? TOPICS[topic] : undefined));
  const known = plurals.filter((plural) => plural !== undefined);
  if (known.length === wanted.length) return new Set(known);
  const detail = `must be some of ${Object.keys(TOPICS).join(", ")}, separated by commas`;
  throw new ProblemError("INVALID", `topics: ${detail}`, { errors: [{ parameter: "topics", detail }] });
}

/** Returns what a user may read. Throws UNAUTHENTICATED if the user is no longer signed in. */
async function rightsOf(
  { rights, stillSignedIn }: RestParts,
  user: Identity,
  plurals: ReadonlySet<ListedPlural>,
): Promise<ReadonlyMap<ListedPlural, Readable>> {
  await stillSignedIn(user);
  const each = [...plurals].map(async (plural) => [plural, await rights.readable(user, plural)] as const);
  return new Map(await Promise.all(each));
}
