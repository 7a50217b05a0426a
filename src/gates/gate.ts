import type { GateState } from "../api/change.js";
import { cutText } from "../base/cut-text.js";

/** Facts for all gates. Each gate uses its part. */
export interface GateFacts {
  /** Why the deletions of the plan require approval, if they do. */
  readonly deletionsNeedingApproval: string | undefined;
  /** References of the documents that do not exist at the destination, with the place of each. */
  readonly missing: readonly { readonly what: string; readonly where: string }[];
}

/** Verdict of a gate on a Change. A gate that cannot be evaluated does not pass. */
export type GateVerdict =
  | { readonly state: "Pass" }
  /** `message` gives the cause and what opens the gate. */
  | { readonly state: "Wait"; readonly message: string }
  | { readonly state: "Fail"; readonly message: string };

/** A condition that a Change must meet before it is applied. Pure: facts in, verdict out. */
export interface Gate {
  /** Name in the Change's status, for example `deletions`. */
  readonly name: string;
  judge(facts: GateFacts): GateVerdict;
}

/** Maximum length of a message in a Change's status. */
const MAX_MESSAGE = 1024;

/** Evaluates every gate, even after one that waits, so that users see all causes at once. */
export function judgeGates(gates: readonly Gate[], facts: GateFacts): GateState[] {
  return gates.map((gate) => {
    const verdict = gate.judge(facts);
    const message = verdict.state === "Pass" ? "passed" : cutText(verdict.message, MAX_MESSAGE);
    return { name: gate.name, state: verdict.state, message };
  });
}

/** Returns the gates that did not pass. */
export function closedGates(states: readonly GateState[]): GateState[] {
  return states.filter((state) => state.state !== "Pass");
}
