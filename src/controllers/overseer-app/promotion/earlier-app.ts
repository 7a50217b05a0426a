import type { EarlierApp } from "../../../gates/promotion/eligibility.js";
import type { EarlierFact } from "../../../gates/promotion/paths.js";
import type { AppRun } from "../run.js";
import { provenLedger } from "../status/ledger-signature.js";

/** Returns what is known of an app of an earlier Environment, or why it proves nothing. */
export function earlierAppOf(
  { services }: AppRun,
  one: EarlierFact,
): EarlierApp | Extract<EarlierFact, { problem: string }> {
  if ("problem" in one) return one;
  const { metadata } = one.app;
  const proven = provenLedger(services, one.app);
  if ("problem" in proven) return proven;
  return {
    name: `OverseerApp ${metadata.namespace}/${metadata.name}`,
    ledger: proven.ledger,
    newest: services.lister.appliedCommit(one.app),
  };
}
