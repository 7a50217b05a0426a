import type { GateState } from "../api/change.js";
import { cutText } from "../base/cut-text.js";

/** What gates may judge by. Each gate looks at its own part. */
export interface GateFacts {
  /** Why a person has to decide about the deletions of the plan; undefined: nobody has to. */
  readonly deletionsNeedingApproval: string | undefined;
  /** What the documents of the plan refer to and the destination lacks: what it is, and where it is named. */
  readonly missing: readonly { readonly what: string; readonly where: string }[];
}

/** How a gate judges a Change. What cannot be judged does not pass. */
export type GateVerdict =
  | { readonly state: "Pass" }
  /** `message`: why, and what opens the gate. */
  | { readonly state: "Wait"; readonly message: string }
  | { readonly state: "Fail"; readonly message: string };

/** A condition that a Change must meet before it is applied. Pure: facts in, verdict out. */
export interface Gate {
  /** For the Change's status, for example `deletions`. */
  readonly name: string;
  judge(facts: GateFacts): GateVerdict;
}

/** Longest message that a Change's status takes. */
const MAX_MESSAGE = 1024;

/** Asks every gate, also after one that waits: a person wants to see all that is in the way at once. */
export function judgeGates(gates: readonly Gate[], facts: GateFacts): GateState[] {
  return gates.map((gate) => {
    const verdict = gate.judge(facts);
    const message = verdict.state === "Pass" ? "passed" : cutText(verdict.message, MAX_MESSAGE);
    return { name: gate.name, state: verdict.state, message };
  });
}

/** The gates that do not let the Change pass. */
export function closedGates(states: readonly GateState[]): GateState[] {
  return states.filter((state) => state.state !== "Pass");
}
