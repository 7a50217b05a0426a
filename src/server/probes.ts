import { z } from "zod";
import { messageOf } from "../base/errors.js";
import { ProblemError } from "../http/problem.js";
import { type Route, route } from "./route.js";

/** Data of the probes, read for each request. */
export interface ProbeFacts {
  /** Reasons why the process is not ready; empty if it is. */
  readonly notReady: () => readonly string[];
  /** Describes the leader while this process is on standby. A standby counts as ready, so that rolling updates proceed. */
  readonly standby?: () => string | undefined;
  /** Metrics text, its media type, and the text compressed with gzip. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string; readonly gzip?: Uint8Array }>;
  readonly version: string;
}

/** Routes of probes and metrics. The responses contain no secrets and need no authentication. */
export function probeRoutes(facts: ProbeFacts): Route[] {
  return [
    route({
      method: "GET",
      path: "/healthz",
      summary: "Responds while the event loop runs.",
      access: "anonymous",
      responses: { 200: "text" },
      handle: () => ({ status: 200, body: "ok\n" }),
    }),
    route({
      method: "GET",
      path: "/readyz",
      summary: "Checks whether the process is ready; otherwise names the reasons. A standby is ready.",
      access: "anonymous",
      responses: { 200: "text", 503: "text" },
      handle: () => {
        const missing = facts.notReady();
        if (missing.length > 0) return { status: 503, body: `not ready: ${missing.join(", ")}\n` };
        const standby = facts.standby?.();
        return { status: 200, body: standby === undefined ? "ok\n" : `ok: standby, ${standby}\n` };
      },
    }),
    route({
      method: "GET",
      path: "/metrics",
      summary: "Returns metrics in the text format of Prometheus.",
      access: "anonymous",
      responses: { 200: "text" },
      handle: async () => {
        const metrics = await facts.metrics().catch((error: unknown) => {
          throw new ProblemError("INTERNAL", `cannot collect metrics: ${messageOf(error)}`);
        });
        return { status: 200, ...metrics };
      },
    }),
    route({
      method: "GET",
      path: "/version",
      summary: "Returns the versions of the operator and of Node.js.",
      access: "anonymous",
      responses: { 200: z.object({ version: z.string(), node: z.string() }) },
      handle: () => ({ status: 200, body: { version: facts.version, node: process.version } }),
    }),
  ];
}
