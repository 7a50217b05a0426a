import type { LedgerEntry } from "../../../api/ledger.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { AppRun } from "../run.js";

/** Length of a signature in hexadecimal digits. */
const LENGTH = 32;

/** Signatures of ledgers by their arrays, which caches keep until the status changes. */
const computed = new WeakMap<readonly LedgerEntry[], { readonly of: string; readonly signature: string }>();

/** Signs the ledger in the status of an app, with the key of the installation. Undefined if it has no entry. */
export function ledgerSignature(
  key: string,
  appUid: string,
  ledger: readonly LedgerEntry[] | undefined,
): string | undefined {
  if (ledger === undefined || ledger.length === 0) return undefined;
  const of = `${key} ${appUid}`;
  const known = computed.get(ledger);
  if (known?.of === of) return known.signature;
  const signature = hmacSha256(key, canonicalJson(["app-ledger", appUid, ledger]), LENGTH);
  computed.set(ledger, { of, signature });
  return signature;
}

/** Returns the ledger of an app, or why it proves nothing. */
export function provenLedger(
  key: string,
  { metadata, status }: Pick<OverseerApp, "metadata" | "status">,
): { readonly ledger: readonly LedgerEntry[] } | { readonly problem: string } {
  const { ledger = [], ledgerSignature: signature } = status ?? {};
  if (signature === ledgerSignature(key, metadata.uid, ledger)) return { ledger };
  return {
    problem: `OverseerApp ${metadata.namespace}/${metadata.name}: its ledger (status.ledger) is not signed by this operator, and proves nothing until its own reconcile has begun it anew`,
  };
}

/**
 * Ignores what a ledger proves unless the operator has signed it: a user who may write the status would otherwise promote untested commits.
 * What it holds against inputs stays, since that opens nothing. The soak of the applied inputs begins anew.
 */
export function dropUnsignedLedger(run: AppRun): void {
  const { ledger = [], ledgerSignature: signature } = run.status;
  if (signature === ledgerSignature(run.services.digestKey, run.ref.uid, ledger)) return;
  run.status = { ...run.status, ledger: ledger.flatMap(heldAgainst) };
  run.emitEventOnce(
    "ledger",
    "Warning",
    "LedgerNotSigned",
    "Sync",
    "status.ledger was not written by this version of the operator: it proves nothing to later Environments, and the soak of the applied inputs begins anew",
  );
}

function heldAgainst({ commit, key, versions, failed, ended, how }: LedgerEntry): LedgerEntry[] {
  const isHeld = how === "Failed" || how === "RolledBack";
  return isHeld
    ? [
        {
          commit,
          key,
          how,
          ...(versions ? { versions } : {}),
          ...(failed ? { failed } : {}),
          ...(ended ? { ended } : {}),
        },
      ]
    : [];
}
