/** Refuses an end without a suspension: it would have no effect. */
export const SUSPENSION_RULE = {
  rule: "!has(self.suspendUntil) || self.suspend",
  message: "suspendUntil is the end of a suspension: set suspend to true, or remove suspendUntil",
  fieldPath: ".suspendUntil",
} as const;

/** The fields of an app that suspend it. */
export interface Suspension {
  readonly suspend: boolean;
  readonly suspendUntil?: string | undefined;
}

/** Reports whether an app is suspended at a time in epoch milliseconds. A suspension with an end is over from then on. */
export function isSuspended({ suspend, suspendUntil }: Suspension, now: number): boolean {
  return suspend && (suspendUntil === undefined || now < Date.parse(suspendUntil));
}

/** Reports whether an app is suspended as its status says, which lags behind the end of a suspension until the operator has seen it. */
export function isShownSuspended({ suspend, suspendUntil }: Suspension, readyReason: string | undefined): boolean {
  return suspend && (suspendUntil === undefined || readyReason === "Suspended");
}
