/** Features of a Core, detected when it is first read. */
export interface CoreAbilities {
  /** Returns the changes since a cursor in one request. */
  readonly changes: boolean;
  /** Supports ETags and conditional writes. */
  readonly etags: boolean;
  /** Supports updates of apps. */
  readonly updateApps: boolean;
  /** Lists its sign-in providers. */
  readonly signInProviders: boolean;
}

/** Features of the embedded Core. */
export const ALL_ABILITIES: CoreAbilities = { changes: true, etags: true, updateApps: true, signInProviders: true };

/** Describes the missing features of a Core and their consequences; empty if none is missing. */
export function describeLimits(abilities: CoreAbilities): string[] {
  const limits: string[] = [];
  if (!abilities.changes) limits.push("no list of changes, so all lists are read at each interval");
  if (!abilities.etags) limits.push("no ETags, so each resource is read again right before it is changed");
  if (!abilities.updateApps) limits.push("no updates of apps (PUT), so changes to apps are refused");
  if (!abilities.signInProviders) limits.push("no list of sign-in providers, so routes with auth are refused");
  return limits;
}
