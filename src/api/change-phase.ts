/** Phases of a Change. The last four are final. */
export const CHANGE_PHASES = [
  "Planning",
  "Refused",
  "Waiting",
  "Applying",
  "Verifying",
  "Succeeded",
  "Failed",
  "Rejected",
  "Superseded",
] as const;
export type ChangePhase = (typeof CHANGE_PHASES)[number];

/** Whether a phase is final. */
export function isFinal(phase: ChangePhase | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed" || phase === "Rejected" || phase === "Superseded";
}
