/** What a Core can and cannot do, as it was found out when it was first read. */
export interface CoreAbilities {
  /** It tells what changed since a cursor, in one request. */
  readonly changes: boolean;
  /** Its resources have ETags, and writes can be bound to one. */
  readonly etags: boolean;
  /** An app can be changed once it is made. */
  readonly updateApps: boolean;
  /** It tells which sign-in providers it has. */
  readonly signInProviders: boolean;
}

/** What the embedded Core can do. */
export const ALL_ABILITIES: CoreAbilities = { changes: true, etags: true, updateApps: true, signInProviders: true };

/** What a Core lacks, and what is done about it, for people; empty where it lacks nothing. */
export function describeLimits(abilities: CoreAbilities): string[] {
  const limits: string[] = [];
  if (!abilities.changes) limits.push("it has no list of changes, so all its lists are read at each interval");
  if (!abilities.etags) limits.push("it has no ETags, so each resource is read once more right before it is changed");
  if (!abilities.updateApps) limits.push("it cannot change an app (no PUT), so changes of apps are refused");
  if (!abilities.signInProviders)
    limits.push("it does not tell its sign-in providers, so routes with auth are refused");
  return limits;
}
