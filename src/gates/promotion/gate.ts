import { known } from "../context.js";
import type { Gate } from "../gate.js";
import { promotionPaths } from "./paths.js";

/**
 * Holds a Change whose commit the earlier Environments have not tested, or no longer count as tested: the selection of the commit has
 * judged the same facts, and this is the last judgement before the first write.
 */
export const promotionGate: Gate = {
  name: "promotion",
  waitReason: "Promotion",
  judge: ({ app, started, cause, approvals, promotion, lister }) => {
    // Inputs that were applied before have been promoted before.
    if (started || cause === "Rollback" || approvals?.brokenBy !== undefined) return { state: "Pass" };
    if (promotionPaths(app, lister).length === 0) return { state: "Pass" };
    const proof = known(promotion, "what the earlier Environments have tested");
    if (proof.proven) return { state: "Pass" };
    const opens = "health and time in the earlier Environments; in an emergency users with the verb break-glass";
    return { state: "Wait", message: proof.why, opens, ...(proof.until === undefined ? {} : { until: proof.until }) };
  },
};
