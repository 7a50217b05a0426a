import { z } from "zod";
import { MAX_WAIT_SECONDS } from "../../../api/core/changes.js";
import {
  CoreJob,
  CoreJobClaim,
  CoreJobEnd,
  CoreJobFilter,
  CoreJobLog,
  CoreJobLogFilter,
  CoreJobLogs,
  CoreJobWork,
} from "../../../api/core/job.js";
import type { CoreToken } from "../../../api/core/token.js";
import { etagOf } from "../../../http/etag.js";
import { existing } from "../../existing.js";
import { addLogs, claim, endJob } from "../../operations/agent-jobs.js";
import { retry } from "../../operations/deploy.js";
import type { Store } from "../../store/store.js";
import { nodeFor, untilFound } from "../auth.js";
import { named, type Route, route, withMessage } from "../route.js";

const READERS = ["admin", "reader"] as const;
const AGENTS = ["admin", "agent"] as const;

/** Routes of jobs. */
export function jobRoutes(store: Store): Route[] {
  return [...readRoutes(store), retryRoute(store), claimRoute(store), ...reportRoutes(store)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/jobs",
      summary: "Lists the newest 1000 jobs, newest first.",
      access: READERS,
      query: CoreJobFilter,
      responses: { 200: named("jobs", z.array(CoreJob)) },
      handle: ({ query }) => ({ status: 200, body: { jobs: store.jobs.list(query.appId, query.status) } }),
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id",
      summary: "Returns one job, with the last lines of its log.",
      access: READERS,
      responses: { 200: named("job", CoreJob) },
      handle: ({ params: { id } }) => {
        const job = existing(store.jobs.find(id), "job", id);
        return { status: 200, etag: etagFor(store, job), body: { job: job } };
      },
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id/logs",
      summary: "Returns the log of a job, or what follows a line of it.",
      access: READERS,
      query: CoreJobLogFilter,
      responses: { 200: CoreJobLog },
      handle: ({ params: { id }, query }) => {
        existing(store.jobs.find(id), "job", id);
        return { status: 200, body: store.jobs.logs.from(id, query.from) };
      },
    }),
  ];
}

function retryRoute(store: Store): Route {
  return route({
    method: "POST",
    path: "/api/jobs/:id/retry",
    summary: "Retries a failed job, unless a later job has superseded it.",
    access: ["admin"],
    conditional: true,
    responses: { 202: withMessage("job", CoreJob) },
    handle: ({ params: { id }, caller: token, expectRevision }) => {
      const before = existing(store.jobs.find(id), "job", id);
      expectRevision(before);
      const job = retry(store, before);
      const details = { app: job.payload.app, version: job.payload.version };
      store.audit.record({ actor: token.name, action: "job.retry", resourceId: id, details });
      return {
        status: 202,
        etag: etagFor(store, job),
        body: { message: "the job is pending again", job: job },
      };
    },
  });
}

function claimRoute(store: Store): Route {
  const take = (token: CoreToken, { nodeId, lane, worker }: z.infer<typeof CoreJobClaim>): CoreJobWork | undefined =>
    store.database.transaction(() => {
      const found = claim(store, nodeFor(store, token, nodeId).id, lane, worker);
      if (found?.claimed) {
        const { id, payload } = found.work.job;
        const details = { app: payload.app, version: payload.version, node: nodeId };
        store.audit.record({ actor: token.name, action: "job.claim", resourceId: id, details });
      }
      return found?.work;
    });
  return route({
    method: "POST",
    path: "/api/jobs/claim",
    summary:
      "Claims the next job of a node for its agent: the running job if there is one, otherwise the first pending one.",
    access: AGENTS,
    body: CoreJobClaim,
    responses: { 200: CoreJobWork, 204: "empty" },
    waits: MAX_WAIT_SECONDS,
    handle: async (request) => {
      const work = await untilFound(store, request, () => take(request.caller, request.body));
      return work === undefined ? { status: 204 } : { status: 200, body: work };
    },
  });
}

function reportRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/jobs/:id/logs",
      summary: "Appends lines to the log of a job. Idempotent.",
      access: AGENTS,
      body: CoreJobLogs,
      responses: { 204: "empty" },
      handle: ({ params: { id }, body, caller: token }) => {
        addLogs(store, ownJob(store, token, id), body.from, body.lines);
        return { status: 204 };
      },
    }),
    route({
      method: "POST",
      path: "/api/jobs/:id/end",
      summary: "Reports the result of a job. Idempotent.",
      access: AGENTS,
      body: CoreJobEnd,
      responses: { 200: withMessage("job", CoreJob) },
      handle: ({ params: { id }, body, caller: token }) => {
        const first = endJob(store, ownJob(store, token, id), body);
        if (first) {
          const details = { status: body.status };
          store.audit.record({ actor: token.name, action: "job.end", resourceId: id, details });
        }
        const job = existing(store.jobs.find(id), "job", id);
        const message = first ? `the job is ${body.status}` : "the result was already reported";
        return { status: 200, etag: etagFor(store, job), body: { message, job: job } };
      },
    }),
  ];
}

/** Returns a job on a node of this token. */
function ownJob(store: Store, token: CoreToken, id: string): CoreJob {
  const job = existing(store.jobs.find(id), "job", id);
  nodeFor(store, token, job.nodeId ?? "");
  return job;
}

/** Includes the number of log lines, which change without a new revision. */
function etagFor(store: Store, job: CoreJob): string {
  return etagOf(job, store.jobs.logs.next(job.id));
}
