import type { AppRun } from "../run.js";
import { fieldsOf, writeStatus } from "./write-status.js";

/** Smaller Changes are checked before anyone would miss a status. */
const MANY_WRITES = 500;

/** Shows in the status of a new app that many documents are being checked, which takes minutes if the API server is busy. */
export async function recordChecking(run: AppRun, writes: number, revision: string): Promise<void> {
  if (writes < MANY_WRITES || (run.status.conditions?.length ?? 0) > 0) return;
  const message = `checking ${writes} documents of ${revision} by dry runs`;
  run.status = await writeStatus(run, {
    fields: fieldsOf(run.status),
    conditions: [
      { type: "Ready", status: "Unknown", reason: "Progressing", message },
      { type: "Reconciling", status: "True", reason: "Progressing", message },
    ],
  });
}
