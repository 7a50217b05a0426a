import type { z } from "zod";
import type { CoreToken, TokenRole } from "../../api/core/token.js";
import { parse } from "./parse.js";

/** A request as a handler sees it. */
export interface Call<Body = unknown, Query = unknown> {
  /** What `:id` in the path is; empty when there is none. */
  readonly id: string;
  readonly body: Body;
  readonly query: Query;
  /** Whose token it came with. */
  readonly token: CoreToken;
  readonly ifNoneMatch: string | undefined;
  /** Time in milliseconds that the client wants to wait for news. */
  readonly waitMs: number;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
  /** Throws PRECONDITION_FAILED if the client wants to write to another revision than this. */
  expectRevision(resource: { readonly revision: number }): void;
}

/** Schemas of the answers by HTTP status; `empty` for those without a body. */
export type ResponseBodies = Readonly<Record<number, z.ZodType | "empty">>;

/** What an answer may carry besides its body. */
export interface ReplyHeaders {
  /** With the quotes. */
  readonly etag?: string;
  readonly location?: string;
}

/** One of the answers that a route declares, typed by its schema. */
export type Reply<A extends ResponseBodies> = {
  [S in keyof A & number]: ReplyHeaders & { readonly status: S } & (A[S] extends z.ZodType
      ? { readonly body: z.output<A[S]> }
      : { readonly body?: undefined });
}[keyof A & number];

/** What every route says of itself: the server and the OpenAPI document read nothing else. */
export interface RouteFacts {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Like `/api/apps/:id`. */
  readonly path: string;
  /** One line that says what it does. */
  readonly summary: string;
  /** Who may call it; everybody: without a token. */
  readonly roles: readonly TokenRole[] | "everybody";
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  readonly answers: ResponseBodies;
  /** Whether `If-Match` is honoured. */
  readonly conditional?: boolean;
  /** Whether it may wait for something (`Prefer: wait=`); then it opens its own transactions. */
  readonly waits?: boolean;
}

/** An answer of any route. */
export type AnyReply = ReplyHeaders & { readonly status: number; readonly body?: unknown };

/** A route whose types are checked and forgotten. */
export interface Route extends RouteFacts {
  handle(call: Call): AnyReply | Promise<AnyReply>;
}

/** A route with its types. */
export interface TypedRoute<B extends z.ZodType, Q extends z.ZodType, A extends ResponseBodies, R> extends RouteFacts {
  readonly body?: B;
  readonly query?: Q;
  readonly answers: A;
  readonly waits?: false;
  /** Whatever it writes is one transaction: it is rolled back if this throws. */
  handle(call: Call<z.output<B>, z.output<Q>>): R;
}

/** A route that may wait. */
export interface WaitingRoute<B extends z.ZodType, Q extends z.ZodType, A extends ResponseBodies, R>
  extends RouteFacts {
  readonly body?: B;
  readonly query?: Q;
  readonly answers: A;
  readonly waits: true;
  handle(call: Call<z.output<B>, z.output<Q>>): Promise<R>;
}

/** Declares a route. What its handler gets has passed the schemas; what it gives fits them. */
export function route<B extends z.ZodType, Q extends z.ZodType, A extends ResponseBodies, const R extends Reply<A>>(
  typed: TypedRoute<B, Q, A, R>,
): Route {
  return { ...typed, handle: (call) => typed.handle(parsed(typed, call)) };
}

/** Declares a route that may wait. */
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
