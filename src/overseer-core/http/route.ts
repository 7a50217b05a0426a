import type { z } from "zod";
import type { CoreToken, TokenRole } from "../../api/core/token.js";
import { parse } from "./parse.js";

/** A validated request. */
export interface Call<Body = unknown, Query = unknown> {
  /** Value of `:id` in the path; empty if the path has none. */
  readonly id: string;
  readonly body: Body;
  readonly query: Query;
  /** Token that authenticated the request. */
  readonly token: CoreToken;
  readonly ifNoneMatch: string | undefined;
  /** Time in milliseconds that the client waits for a change. */
  readonly waitMs: number;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Throws PRECONDITION_FAILED if the request is for another revision than this. */
  expectRevision(resource: { readonly revision: number }): void;
}

/** Response schemas by HTTP status; `empty` for responses without a body. */
export type ResponseBodies = Readonly<Record<number, z.ZodType | "empty">>;

/** Headers of a response. */
export interface ReplyHeaders {
  /** Includes the quotes. */
  readonly etag?: string;
  readonly location?: string;
}

/** One of the declared responses of a route, typed by its schema. */
export type Reply<A extends ResponseBodies> = {
  [S in keyof A & number]: ReplyHeaders & { readonly status: S } & (A[S] extends z.ZodType
      ? { readonly body: z.output<A[S]> }
      : { readonly body?: undefined });
}[keyof A & number];

/** Declaration of a route, read by the server and the OpenAPI document. */
export interface RouteFacts {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Like `/api/apps/:id`. */
  readonly path: string;
  /** One-line description. */
  readonly summary: string;
  /** Roles that may call the route; `anonymous` means that no token is needed. */
  readonly roles: readonly TokenRole[] | "anonymous";
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  readonly responses: ResponseBodies;
  /** Whether `If-Match` is honored. */
  readonly conditional?: boolean;
  /** Whether the handler supports `Prefer: wait=`. Such a handler opens its own transactions. */
  readonly waits?: boolean;
}

/** A response of any route. */
export type AnyReply = ReplyHeaders & { readonly status: number; readonly body?: unknown };

/** A route with its type parameters erased. */
export interface Route extends RouteFacts {
  handle(call: Call): AnyReply | Promise<AnyReply>;
}

/** A typed route. */
export interface TypedRoute<B extends z.ZodType, Q extends z.ZodType, A extends ResponseBodies, R> extends RouteFacts {
  readonly body?: B;
  readonly query?: Q;
  readonly responses: A;
  readonly waits?: false;
  /** Runs in one transaction, which is rolled back if it throws. */
  handle(call: Call<z.output<B>, z.output<Q>>): R;
}

/** A typed route that supports `Prefer: wait=`. */
export interface WaitingRoute<B extends z.ZodType, Q extends z.ZodType, A extends ResponseBodies, R>
  extends RouteFacts {
  readonly body?: B;
  readonly query?: Q;
  readonly responses: A;
  readonly waits: true;
  handle(call: Call<z.output<B>, z.output<Q>>): Promise<R>;
}

/** Declares a route. Requests are validated against its schemas, and the type of its responses is checked. */
export function route<B extends z.ZodType, Q extends z.ZodType, A extends ResponseBodies, const R extends Reply<A>>(
  typed: TypedRoute<B, Q, A, R>,
): Route {
  return { ...typed, handle: (call) => typed.handle(parsed(typed, call)) };
}

/** Declares a route that supports `Prefer: wait=`. */
export function waitingRoute<
  B extends z.ZodType,
  Q extends z.ZodType,
  A extends ResponseBodies,
  const R extends Reply<A>,
>(typed: WaitingRoute<B, Q, A, R>): Route {
  return { ...typed, handle: (call) => typed.handle(parsed(typed, call)) };
}

function parsed<B extends z.ZodType, Q extends z.ZodType>(
  schemas: { readonly body?: B; readonly query?: Q },
  call: Call,
): Call<z.output<B>, z.output<Q>> {
  return { ...call, body: parse(schemas.body, call.body, "body"), query: parse(schemas.query, call.query, "query") };
}
