import { cutText } from "../../../base/cut-text.js";
import type { ObjectHealth } from "../../../plan/live.js";
import type { AppRecord, JobRecord, NodeRecord } from "../state/core-records.js";
import type { CoreState } from "../state/core-state.js";
import { changedSecret } from "./changed-secrets.js";
import { observedHealth } from "./observed-health.js";

/** Log lines of a failed job in a message. */
const SHOWN_LINES = 5;

/** Returns why an app with the desired content must be deployed: its latest version never was, or a secret has changed since. */
export function needsDeploy(app: AppRecord, state: CoreState): string | undefined {
  const job = state.newestJob(app.id);
  const why = `version ${app.version} was never deployed`;
  if (job === undefined) return app.status === "stopped" ? why : undefined;
  return (job.payload?.version ?? app.version) === app.version ? changedSecret(app, job, state) : why;
}

/** Computes the health of an app. Its newest job is more precise than its status. */
export function appHealth(app: AppRecord, state: CoreState): ObjectHealth {
  const nodeId = app.nodeId ?? app.assignedNodeId;
  const node = nodeId === null ? undefined : state.byId("node", nodeId);
  const job = state.newestJob(app.id);
  const where = `${node ? ` on ${node.name}` : ""}${simulated(job, node?.runner)}`;
  const offline = troubleOf(node, nodeId);
  const pending = needsDeploy(app, state);
  // A change that was not deployed does not run yet; the previous version still does.
  if (pending !== undefined && (app.status !== "running" || offline === ""))
    return app.status === "running"
      ? { status: "Healthy", ...remarkOf(job, node) }
      : { status: "Progressing", message: pending };
  // After a failed move, the same version runs on where it was.
  const stayed = app.status === "running" && job?.payload?.movedFrom !== undefined;
  if (job?.status === "failed" && !stayed) return { status: "Degraded", message: failure(job, where), final: true };
  if (job?.status === "pending" || job?.status === "running")
    return { status: "Progressing", message: `${job.type} job is ${job.status}${where}${movedText(job)}${offline}` };
  if (offline !== "") return { status: "Degraded", message: offline.slice(2) };
  if (app.status === "running") {
    return observedHealth(app.observed, where) ?? { status: "Healthy", ...remarkOf(job, node) };
  }
  if (app.status === "deploying") return { status: "Progressing", message: `is being deployed${where}` };
  return { status: "Degraded", message: app.status === "stopped" ? `is stopped${where}` : `has failed${where}` };
}

function troubleOf(node: NodeRecord | undefined, nodeId: string | null): string {
  if (node === undefined) return nodeId === null ? "" : "; its node was deleted: deploy it to another one";
  const { name, status, problem } = node;
  if (status === "offline") return `; ${name} is offline`;
  return problem === null ? "" : `; ${name}: ${problem}`;
}

function failure(job: JobRecord, where: string): string {
  const lines = job.logs.slice(-SHOWN_LINES).map((line) => cutText(line, 160));
  const log = lines.length === 0 ? "" : `; last lines of its log: ${lines.join(" | ")}`;
  return `${job.type} job ${job.id} failed${failedMove(job, where)}: ${job.error ?? "no reason given"}${log}`;
}

function movedText({ payload }: JobRecord): string {
  return payload?.movedFrom === undefined ? "" : `, to move it from the node ${payload.movedFrom}`;
}

/** After a failed move, the app is on its former node. */
function failedMove({ payload }: JobRecord, where: string): string {
  return payload?.movedFrom === undefined ? where : ` on another node, so it stays on the node ${payload.movedFrom}`;
}

function remarkOf(job: JobRecord | undefined, node: NodeRecord | undefined): Pick<ObjectHealth, "remark"> {
  if (simulated(job, node?.runner) !== "") return { remark: "simulated" };
  const notMoved = job?.status === "failed" && job.payload?.movedFrom !== undefined;
  const texts = [
    ...(node?.drained === true ? [`on the drained node ${node.name}`] : []),
    ...(notMoved ? [`the job ${job.id} did not move it`] : []),
  ];
  return texts.length === 0 ? {} : { remark: texts.join("; ") };
}

function simulated(job: JobRecord | undefined, runner: string | undefined): string {
  return runner === "simulated" || job?.result?.runner === "simulated" ? " (simulated)" : "";
}
