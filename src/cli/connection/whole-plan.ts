import type { Connection } from "./connection.js";
import type { LiveChange } from "./live.js";

/**
 * Returns a Change with its whole plan, and the hash that names it, if its status does not show all of it and the connection can ask for
 * the rest. Sends no request otherwise.
 */
export async function withWholePlan(
  connection: Pick<Connection, "wholePlan">,
  change: LiveChange,
): Promise<LiveChange> {
  const { status } = change;
  if (status?.planIncomplete === undefined) return change;
  const whole = await connection.wholePlan(change);
  if (whole === undefined)
    return { ...change, status: { ...status, planIncomplete: `${status.planIncomplete}; --server shows all of it` } };
  if (!whole.complete) return change;
  const { omitted: _, planIncomplete: __, ...shown } = status;
  return { ...change, status: { ...shown, plan: whole.actions, planHash: whole.planHash } };
}
