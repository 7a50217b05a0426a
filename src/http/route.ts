import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { RawJson } from "./raw-json.js";
import { validate } from "./validate.js";

/** A response that is sent as it is produced, with its media type. */
export interface StreamBody {
  readonly stream: string;
}

/** Response schemas by HTTP status: `empty` for responses without a body, `text` for plain text. */
export type ResponseBodies = Readonly<Record<number, z.ZodType | "empty" | "text" | StreamBody>>;

/** What each route declares, for the server and the OpenAPI document. `Access` is the right that a caller needs. */
export interface RouteFacts<Access = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Like `/api/apps/:id`. */
  readonly path: string;
  /** One sentence on what the route does. */
  readonly summary: string;
  readonly access: Access;
  /** Schema of the path parameters. If unset, each is text. */
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  /** Schema of the JSON body; `stream` passes the body on unread, whatever its media type and size. */
  readonly body?: z.ZodType | "stream";
  readonly responses: ResponseBodies;
  /** Whether `If-Match` is honored. JSON responses to GET always have an ETag, and honor `If-None-Match`. */
  readonly conditional?: boolean;
  /** Maximum number of seconds that `Prefer: wait=` makes the handler wait. If unset, it does not wait. */
  readonly waits?: number;
  /** Maximum size of the JSON body in bytes. Defaults to the limit of the server. */
  readonly maxBodyBytes?: number;
  /** Maximum time of the handler in milliseconds, besides `waits`. Defaults to the limit of the server. */
  readonly timeoutMs?: number;
}

/** A validated request. */
export interface Call<Caller = unknown, Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Who sends the request, as the authorization returned it. */
  readonly caller: Caller;
  readonly headers: IncomingHttpHeaders;
  readonly ifNoneMatch: string | undefined;
  /** Time in milliseconds for which the client waits for a change. */
  readonly waitMs: number;
  /** Aborted when the client disconnects, or the time limit of the route has passed. */
  readonly signal: AbortSignal;
  /** Throws PRECONDITION_FAILED if the request is for another revision than this. */
  expectRevision(resource: { readonly revision: number }): void;
}

/** Where a request comes from. */
export interface RequestOrigin {
  /** Address of the client, or of the proxy before it. */
  readonly address: string;
  readonly method: string;
}

/** Headers of a response. */
export interface ReplyHeaders {
  /** Includes the quotes. If unset, the ETag of a GET is a hash of the body. */
  readonly etag?: string;
  readonly location?: string;
  /** Media type of a text. Defaults to plain text in UTF-8. */
  readonly contentType?: string;
  /** Values of Set-Cookie. */
  readonly cookies?: readonly string[];
  /** The text compressed with gzip, which is sent to clients that accept it. */
  readonly gzip?: Uint8Array;
}

/** One of the declared responses of a route, typed by its schema. */
export type Reply<A extends ResponseBodies> = {
  [S in keyof A & number]: ReplyHeaders & { readonly status: S } & (A[S] extends z.ZodType
      ? { readonly body: z.output<A[S]> | RawJson }
      : A[S] extends "text"
        ? { readonly body: string }
        : A[S] extends StreamBody
          ? { readonly body: Readable; readonly contentType: string }
          : { readonly body?: undefined });
}[keyof A & number];

/** A response of any route. */
export type AnyReply = ReplyHeaders & { readonly status: number; readonly body?: unknown };

/** A route with its type parameters erased. */
export interface Route<Access = unknown, Caller = unknown> extends RouteFacts<Access> {
  handle(call: Call<Caller>): AnyReply | Promise<AnyReply>;
}

type ParamNames<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? Name | ParamNames<Tail>
    : Rest
  : never;
/** Parameters of a path: those of the schema, otherwise the texts that the path names. */
type Params<Path extends string, P extends z.ZodType> = z.ZodType extends P
  ? Readonly<Record<ParamNames<Path>, string>>
  : z.output<P>;
type Body<B extends z.ZodType | "stream"> = B extends z.ZodType ? z.output<B> : Readable;

/** A typed route. */
interface TypedRoute<
  Access,
  Caller,
  Path extends string,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType | "stream",
  A extends ResponseBodies,
  R,
> extends RouteFacts<Access> {
  readonly path: Path;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly responses: A;
  handle(call: Call<Caller, Params<Path, P>, z.output<Q>, Body<B>>): R | Promise<R>;
}

/**
 * Returns the function that declares the routes of one API. Requests are validated against their schemas before the
 * handler runs, and the compiler checks the responses.
 *
 * @example
 * const route = routesFor<readonly Role[], Token>();
 * route({
 *   method: "GET",
 *   path: "/api/apps/:id",
 *   summary: "Returns one app.",
 *   access: ["reader"],
 *   responses: { 200: App },
 *   handle: ({ params: { id } }) => ({ status: 200, body: find(id) }),
 * });
 */
export function routesFor<Access, Caller>() {
  return <
    const Path extends string,
    A extends ResponseBodies,
    const R extends Reply<A>,
    P extends z.ZodType = z.ZodType,
    Q extends z.ZodType = z.ZodType,
    B extends z.ZodType | "stream" = z.ZodType,
  >(
    typed: TypedRoute<Access, Caller, Path, P, Q, B, A, R>,
  ): Route<Access, Caller> => {
    const { params, query, body } = typed;
    return {
      ...typed,
      handle: (call) =>
        typed.handle({
          ...call,
          params: validate(params, call.params, "path") as Params<Path, P>,
          query: validate(query, call.query, "query") as z.output<Q>,
          body: (body === "stream" ? call.body : validate(body as z.ZodType, call.body, "body")) as Body<B>,
        }),
    };
  };
}

/** Reports whether HEAD is answered like GET. The stream of a HEAD request would be read to its end for nothing. */
export function hasHead({ method, responses: { 200: body } }: Route): boolean {
  return method === "GET" && !(typeof body === "object" && "stream" in body);
}
