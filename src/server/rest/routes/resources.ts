import type { Readable } from "node:stream";
import { API_VERSION } from "../../../api/group.js";
import {
  ResourceAnswer,
  type ResourceKind,
  ResourceParams,
  ResourceQuery,
  ResourceWatchQuery,
} from "../../../api/rest/resources.js";
import { abortableBody } from "../abortable-body.js";
import type { UserKube } from "../identity/user-requests.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

const AS_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json";
const NDJSON = "application/x-ndjson";
/** Objects in a response. */
const MAX_OBJECTS = "500";
/** Time after which a watch ends, and the client watches again: rights that are revoked count then. */
const WATCH_SECONDS = "60";

/** Routes that return objects as the API server does, in the name of the user. */
export function resourceRoutes({ users, streams }: Pick<RestParts, "users" | "streams">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/resources/:kind",
      summary: "Returns objects of a kind as the API server does: a list, a Table, or one object by its name.",
      access: "user",
      params: ResourceParams,
      query: ResourceQuery,
      responses: { 200: ResourceAnswer },
      handle: async ({ caller, params: { kind }, query: { namespace, name, as, ...query } }) => {
        const { body } = await users.as(caller).request<AnyAnswer>({
          ...{ method: "GET", path: pathOf(kind, namespace, name) },
          query: name === undefined ? { limit: MAX_OBJECTS, ...query } : {},
          ...(as === undefined ? {} : { accept: AS_TABLE }),
        });
        return { status: 200, body: withoutManagedFields(body) };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/resources/:kind/watch",
      summary: "Streams changes of objects of a kind for a minute, as a watch of the API server.",
      access: "user",
      params: ResourceParams,
      query: ResourceWatchQuery,
      responses: { 200: { stream: NDJSON } },
      handle: async ({ caller, params: { kind }, query: { namespace, as, ...query }, signal }) => {
        const request = {
          ...{ method: "GET" as const, path: pathOf(kind, namespace, undefined) },
          query: { ...query, watch: "1", allowWatchBookmarks: "true", timeoutSeconds: WATCH_SECONDS },
          ...(as === undefined ? {} : { accept: AS_TABLE }),
        };
        const stream = await streams.open(caller.name, signal, () => WatchStream.open(users.as(caller), request));
        return { status: 200, contentType: NDJSON, body: stream.body };
      },
    }),
  ];
}

/** A watch of the API server, passed on unread. */
class WatchStream {
  readonly body: Readable;
  readonly #abort: AbortController;

  private constructor(chunks: AsyncIterable<Buffer>, abort: AbortController) {
    this.#abort = abort;
    this.body = abortableBody(chunks, abort, (all) => all);
  }

  static async open(kube: UserKube, request: Parameters<UserKube["stream"]>[0]): Promise<WatchStream> {
    const abort = new AbortController();
    return new WatchStream(await kube.stream({ ...request, signal: abort.signal }), abort);
  }

  end(): void {
    this.#abort.abort();
  }
}

function pathOf(kind: ResourceKind, namespace: string | undefined, name: string | undefined): string {
  const root = kind === "events" ? "/api/v1" : `/apis/${API_VERSION}`;
  // Both are checked by their schemas.
  const place = namespace === undefined || kind === "environments" ? "" : `/namespaces/${namespace}`;
  return `${root}${place}/${kind}${name === undefined ? "" : `/${name}`}`;
}

interface AnyAnswer extends Record<string, unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly items?: readonly AnyAnswer[];
}

function withoutManagedFields({ items, ...answer }: AnyAnswer): AnyAnswer {
  return items === undefined ? strip(answer) : { ...answer, items: items.map(strip) };
}

function strip<T extends Pick<AnyAnswer, "metadata">>(object: T): T {
  if (object.metadata === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
