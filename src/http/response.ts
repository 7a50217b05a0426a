import { createHash, randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PROBLEM_TYPE } from "../api/problem.js";
import type { Logger } from "../base/logger.js";
import { matchesIfNoneMatch } from "./etag.js";
import { ProblemError } from "./problem.js";
import { RawJson } from "./raw-json.js";
import type { AnyReply } from "./route.js";

/** Headers of every response. The APIs serve data, which browsers must neither keep, guess the type of, nor embed. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

/** Sends the response of a handler: 304 if the client already has it. */
export function sendReply(response: AnyReply, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, location, body, contentType, cookies } = response;
  if (location !== undefined) reply.header("location", location);
  if (cookies !== undefined) reply.header("set-cookie", [...cookies]);
  if (body instanceof Readable) {
    // A stream may be silent for long. Node.js sets the timeout again for the next request; TCP finds clients that are gone.
    request.raw.socket.setTimeout(0);
    // Proxies that collect a response before they pass it on would hold back a stream.
    return reply
      .code(status)
      .type(contentType ?? "application/octet-stream")
      .header("x-accel-buffering", "no")
      .send(body);
  }
  if (typeof body === "string") {
    reply.code(status).type(contentType ?? "text/plain; charset=utf-8");
    if (response.gzip === undefined) return reply.send(body);
    reply.header("vary", "accept-encoding");
    if (!acceptsGzip(request.headers["accept-encoding"])) return reply.send(body);
    return reply.header("content-encoding", "gzip").send(Buffer.from(response.gzip));
  }
  const isRaw = body instanceof RawJson;
  const text = body === undefined || isRaw ? undefined : `${JSON.stringify(body)}\n`;
  const reads = request.method === "GET" || request.method === "HEAD";
  const etag = response.etag ?? (reads && text !== undefined ? hashTag(text) : undefined);
  if (etag !== undefined) reply.header("etag", etag);
  const unchanged = reads && etag !== undefined && matchesIfNoneMatch(request.headers["if-none-match"], etag);
  if (status === 304 || (unchanged && status === 200)) return reply.code(304).send();
  if (isRaw) {
    const length = body.parts.reduce((sum, part) => sum + part.length, 0);
    reply.code(status).type("application/json; charset=utf-8").header("content-length", length);
    return reply.send(Readable.from(body.parts, { objectMode: false }));
  }
  if (text === undefined) return reply.code(status).send();
  return reply.code(status).type("application/json; charset=utf-8").send(text);
}

/** Reports whether a client accepts gzip, by its header Accept-Encoding. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  const codings = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",");
  return codings.some((coding) => /^\s*gzip\s*(;\s*q=(1(\.0*)?|0\.\d*[1-9]\d*)\s*)?$/i.test(coding));
}

/** Sends an error. */
export function sendProblem(problem: ProblemError, reply: FastifyReply): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ ...SECURITY_HEADERS, ...problem.headers() })
    .type(PROBLEM_TYPE)
    .send(`${JSON.stringify(problem)}\n`);
}

/** Returns an error as the bytes of a whole HTTP response that ends the connection. */
export function rawProblem(problem: ProblemError): string {
  const body = `${JSON.stringify(problem)}\n`;
  const headers = {
    ...SECURITY_HEADERS,
    connection: "close",
    "content-type": PROBLEM_TYPE,
    "content-length": String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join("")}\r\n${body}`;
}

/**
 * Converts any thrown error to a problem. Errors of fastify are known by their codes; their messages may quote the
 * request, so they are not passed on. Everything else is a bug: it is logged, and its details are not sent.
 */
export function problemFrom(error: unknown, logger: Logger): ProblemError {
  if (error instanceof ProblemError) return error;
  const { code, statusCode = 500 } = (error ?? {}) as { readonly code?: unknown; readonly statusCode?: number };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ProblemError("BODY_TOO_LARGE", "the body is larger than this path accepts: send less", { close: true });
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ProblemError("UNSUPPORTED_MEDIA_TYPE", "the content type is not supported: send application/json");
  }
  if (statusCode >= 400 && statusCode < 500) return new ProblemError("INVALID", "the request is malformed");
  const instance = `urn:uuid:${randomUUID()}`;
  logger.error("request failed", { error, instance });
  return new ProblemError("INTERNAL", `the server failed: search its log for ${instance}`, { instance });
}

function hashTag(text: string): string {
  return `"${createHash("sha256").update(text).digest("hex").slice(0, 32)}"`;
}
