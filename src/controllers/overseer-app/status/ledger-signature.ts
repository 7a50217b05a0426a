import type { LedgerEntry } from "../../../api/ledger.js";
import type { OverseerApp, OverseerAppStatus } from "../../../api/overseer-app.js";
import { isSuspended } from "../../../api/suspension.js";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { AppServices } from "../app-services.js";
import type { AppRun } from "../run.js";

/** Length of a signature in hexadecimal digits. */
const LENGTH = 32;

/** Signatures of ledgers by their arrays, which caches keep until the status changes. */
const computed = new WeakMap<readonly LedgerEntry[], { readonly of: string; readonly signature: string }>();

type Signed = Pick<OverseerAppStatus, "ledger" | "applied" | "observedGeneration">;

/**
 * Signs the ledger in the status of an app, with the key of the installation, for the generation of the app and the inputs that it was written with:
 * it is not valid beside others. Undefined if it has no entry.
 */
export function ledgerSignature(
  key: string,
  appUid: string,
  { ledger, applied, observedGeneration }: Signed,
): string | undefined {
  if (ledger === undefined || ledger.length === 0) return undefined;
  const bound = ["app-ledger", appUid, observedGeneration ?? 0, applied?.key ?? ""];
  const of = canonicalJson([key, ...bound]);
  const known = computed.get(ledger);
  if (known?.of === of) return known.signature;
  const signature = hmacSha256(key, canonicalJson([...bound, ledger]), LENGTH);
  computed.set(ledger, { of, signature });
  return signature;
}

/**
 * Returns the ledger of an app, or why it proves nothing. The one that this process has written last counts, whatever the status says: an earlier
 * one has a valid signature as well. A suspended app is not observed: a failure since would not be known.
 */
export function provenLedger(
  { digestKey, memories, clock }: Pick<AppServices, "digestKey" | "memories" | "clock">,
  { metadata, spec, status = {} }: Pick<OverseerApp, "metadata" | "spec" | "status">,
): { readonly ledger: readonly LedgerEntry[] } | { readonly problem: string } {
  const app = `OverseerApp ${metadata.namespace}/${metadata.name}`;
  if (isSuspended(spec, clock.now()))
    return { problem: `${app} is suspended: its health is not observed, so that it proves nothing until it goes on` };
  const known = memories.get(`${metadata.namespace}/${metadata.name}`)?.writtenLedger;
  if (known?.appUid === metadata.uid) return known;
  const { ledger = [] } = status;
  if (status.ledgerSignature !== ledgerSignature(digestKey, metadata.uid, status))
    return {
      problem: `${app}: its ledger (status.ledger) is not signed by this operator, and proves nothing until its own reconcile has begun it anew`,
    };
  if (ledger.length > 0 && status.observedGeneration !== metadata.generation)
    return {
      problem: `${app}: its ledger (status.ledger) is of an earlier generation of the app, and proves nothing until the app has been processed`,
    };
  return { ledger };
}

/** Returns the newest ledger of an app, for what it holds against inputs: that needs no proof. */
export function newestLedger(
  { memories }: Pick<AppServices, "memories">,
  app: Pick<OverseerApp, "metadata" | "status"> | undefined,
): readonly LedgerEntry[] {
  const known = memories.get(`${app?.metadata.namespace}/${app?.metadata.name}`)?.writtenLedger;
  return (known?.appUid === app?.metadata.uid ? known?.ledger : undefined) ?? app?.status?.ledger ?? [];
}

/**
 * Ignores what a ledger proves unless the operator has signed it: a user who may write the status would otherwise promote untested commits.
 * What it holds against inputs stays, since that opens nothing. The soak of the applied inputs begins anew. If this process has written another one,
 * that is restored.
 */
export function dropUnsignedLedger(run: AppRun): void {
  const { ledger = [], ledgerSignature: signature } = run.status;
  const known = run.memory.writtenLedger?.appUid === run.ref.uid ? run.memory.writtenLedger : undefined;
  const isSigned = signature === ledgerSignature(run.services.digestKey, run.ref.uid, run.app.status ?? {});
  if (isSigned && (known === undefined || known.signature === signature)) return;
  run.status = { ...run.status, ledger: [...(known?.ledger ?? ledger.flatMap(heldAgainst))] };
  const effect =
    known === undefined
      ? "it proves nothing to later Environments, and the soak of the applied inputs begins anew"
      : "the one that the operator has written last is restored";
  const what = "status.ledger is not the one that this operator has written";
  run.emitEventOnce("ledger", "Warning", "LedgerNotSigned", "Sync", `${what}: ${effect}`);
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
