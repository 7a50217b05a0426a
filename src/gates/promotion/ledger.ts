import { type InputKeys, isKeyOf, lastingKey } from "../../api/inputs.js";
import { type LedgerEntry, MAX_LEDGER, MAX_VERSIONS } from "../../api/ledger.js";
import { rfc3339 } from "../../base/clock.js";

/** How the applied inputs do now. `Unknown`: the live objects cannot be observed. `Progressing`: neither healthy nor failed. */
export type InputsHealth = "Healthy" | "Failed" | "Progressing" | "Unknown";

/** What an observation of an app tells about its applied inputs. */
export interface LedgerFacts {
  /** The applied inputs; undefined if nothing was applied. */
  readonly applied: (InputKeys & { readonly commit: string }) | undefined;
  /** Newest commit that was processed with these inputs, if known. */
  readonly through: string | undefined;
  /** Newest commit that was processed with the inputs that were applied before, if known. */
  readonly throughBefore?: string | undefined;
  /** Whether a rollback has applied them. */
  readonly isRollback: boolean;
  readonly health: InputsHealth;
  /** Images and chart versions of the inputs; undefined if no later Environment compares them. */
  readonly versions: readonly string[] | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Seconds that the app was observed as healthy since the last call: 0 if it was not, or if there was a gap. */
  readonly observed: number;
  /** Longest soak in seconds that a later Environment requires. */
  readonly longestSoak: number;
}

/** Entries that are kept whether or not a soak needs them: they say what failed or was rolled back. */
const KEPT = 20;

/** Returns the ledger after an observation; the same array if nothing has changed. Pure: survives a restart with the status. */
export function advanceLedger(ledger: readonly LedgerEntry[], facts: LedgerFacts): readonly LedgerEntry[] {
  if (facts.applied === undefined) return ledger;
  const last = ledger.at(-1);
  const isSame = last !== undefined && isKeyOf(last.key, facts.applied) && last.ended === undefined;
  const earlier = isSame ? ledger.slice(0, -1) : endLast(ledger, facts);
  const current = { ...(isSame ? last : { commit: facts.applied.commit }), key: lastingKey(facts.applied) };
  const next = [...earlier.map((entry) => soaked(entry, facts)), observe(current, facts)];
  return trim(next, facts.longestSoak);
}

function endLast(
  ledger: readonly LedgerEntry[],
  { now, isRollback, throughBefore }: LedgerFacts,
): readonly LedgerEntry[] {
  const last = ledger.at(-1);
  if (last === undefined || last.ended !== undefined) return ledger;
  const hasFailed = last.failed !== undefined && last.firstHealthy === undefined;
  const how = hasFailed ? "Failed" : isRollback ? "RolledBack" : "Replaced";
  const { observed } = last;
  const held = observed === undefined ? {} : { held: observed };
  const through = throughBefore === undefined || throughBefore === last.commit ? {} : { through: throughBefore };
  return [...ledger.slice(0, -1), { ...last, ...through, ...held, ended: rfc3339(now), how }];
}

/** The soak of replaced inputs goes on with later ones, which contain them. */
function soaked(entry: LedgerEntry, { health, observed }: LedgerFacts): LedgerEntry {
  if (health !== "Healthy" || observed === 0 || entry.firstHealthy === undefined) return entry;
  return entry.how === "Replaced" ? { ...entry, observed: (entry.observed ?? 0) + observed } : entry;
}

function observe(entry: LedgerEntry, { health, through, versions, now, observed }: LedgerFacts): LedgerEntry {
  const { firstHealthy, observed: before = 0, ...rest } = entry;
  const known = {
    ...rest,
    ...(through === undefined || through === entry.commit ? {} : { through }),
    ...(versions === undefined ? {} : { versions: [...versions].slice(0, MAX_VERSIONS) }),
  };
  if (health === "Failed")
    return firstHealthy === undefined && entry.failed ? known : { ...known, failed: rfc3339(now) };
  const isHealthy = health === "Healthy";
  if (firstHealthy === undefined) return isHealthy ? { ...known, firstHealthy: rfc3339(now), observed: 0 } : known;
  return { ...known, firstHealthy, observed: isHealthy ? before + observed : before };
}

/** Drops the oldest entries that neither a soak nor the memory of failures needs. */
function trim(ledger: readonly LedgerEntry[], longestSoak: number): readonly LedgerEntry[] {
  const proven = ledger.findLastIndex((entry) => (entry.observed ?? -1) >= longestSoak && entry.how !== "RolledBack");
  const needed = Math.min(Math.max(0, proven), Math.max(0, ledger.length - KEPT));
  return ledger.slice(Math.max(needed, ledger.length - MAX_LEDGER));
}
