import { AuditFile } from "../audit/audit-file.js";
import { AuditTrail } from "../audit/audit-trail.js";
import type { OperatorParts } from "./operator-parts.js";

/** Size of an audit file, and how many are kept besides the current one. */
const LIMITS = { maxBytes: 64 * 1024 * 1024, maxFiles: 16 };

/** An audit trail, and how to end it. */
export interface OpenAudit {
  readonly trail: AuditTrail;
  /** Stores what is pending, and closes the files. */
  close(): Promise<void>;
}

/** Opens the audit trail. Throws a terminal OverseerError if its directory cannot be used. Only one process may use a directory: the leader, or a replica of the role api with a directory of its own. */
export async function openAudit({
  config,
  clock,
  logger,
  metrics,
}: Pick<OperatorParts, "config" | "clock" | "logger" | "metrics">): Promise<OpenAudit> {
  const file = config.auditDir === undefined ? undefined : new AuditFile({ dir: config.auditDir, ...LIMITS });
  await file?.open();
  const trail = new AuditTrail({ clock, logger, file, onFailure: () => metrics.change.auditFailures.inc() });
  return {
    trail,
    close: async () => {
      await trail.flush();
      await file?.close();
    },
  };
}
