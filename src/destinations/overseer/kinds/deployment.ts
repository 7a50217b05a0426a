import { cutText } from "../../../base/cut-text.js";
import type { ObjectHealth } from "../../../plan/live.js";
import type { AppRecord, JobRecord } from "../state/core-records.js";
import type { CoreState } from "../state/core-state.js";

/** Lines of a failed job's log that a message shows. */
const SHOWN_LINES = 5;

/** Why an app has to be deployed although it is as it should be: its newest version never was. */
export function needsDeploy(app: AppRecord, state: CoreState): string | undefined {
  const job = state.newestJob(app.id);
  const why = `version ${app.version} was never deployed`;
  if (job === undefined) return app.status === "stopped" ? why : undefined;
  return (job.payload?.version ?? app.version) === app.version ? undefined : why;
}

/** How an app is: its newest job tells more than its status. */
export function appHealth(app: AppRecord, state: CoreState): ObjectHealth {
  const node = app.nodeId === null ? undefined : state.byId("node", app.nodeId);
  const job = state.newestJob(app.id);
  const where = `${node ? ` on ${node.name}` : ""}${simulated(job, node?.runner)}`;
  const offline = node?.status === "offline" ? `; ${node.name} is offline` : "";
  const wait = needsDeploy(app, state);
  // What somebody changed and did not deploy does not run yet; what runs is as it was.
  if (wait !== undefined)
    return app.status === "running"
      ? { status: "Healthy", ...remarkOf(job, node?.runner) }
      : { status: "Progressing", message: wait };
  if (job?.status === "failed") return { status: "Degraded", message: failure(job, where), final: true };
  if (job?.status === "pending" || job?.status === "running")
    return { status: "Progressing", message: `${job.type} job is ${job.status}${where}${offline}` };
  if (offline !== "") return { status: "Degraded", message: offline.slice(2) };
  if (app.status === "running") return { status: "Healthy", ...remarkOf(job, node?.runner) };
  if (app.status === "deploying") return { status: "Progressing", message: `is being deployed${where}` };
  return { status: "Degraded", message: app.status === "stopped" ? `is stopped${where}` : `has failed${where}` };
}

function failure(job: JobRecord, where: string): string {
  const lines = job.logs.slice(-SHOWN_LINES).map((line) => cutText(line, 160));
  const log = lines.length === 0 ? "" : `; last lines of its log: ${lines.join(" | ")}`;
  return `${job.type} job ${job.id} failed${where}: ${job.error ?? "no reason given"}${log}`;
}

function remarkOf(job: JobRecord | undefined, runner: string | undefined): Pick<ObjectHealth, "remark"> {
  return simulated(job, runner) === "" ? {} : { remark: "simulated" };
}

function simulated(job: JobRecord | undefined, runner: string | undefined): string {
  return runner === "simulated" || job?.result?.runner === "simulated" ? " (simulated)" : "";
}
