/** Phases of a Change. The last five are final. */
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
  "Planned",
] as const;
export type ChangePhase = (typeof CHANGE_PHASES)[number];

const FINAL: ReadonlySet<ChangePhase | undefined> = new Set([
  "Succeeded",
  "Failed",
  "Rejected",
  "Superseded",
  "Planned",
]);

/** Whether a phase is final. */
export function isFinal(phase: ChangePhase | undefined): boolean {
  return FINAL.has(phase);
}
