import { AppSource, type Inputs } from "../../../api/inputs.js";
import type { OverseerAppStatus } from "../../../api/overseer-app.js";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import { environmentsOf } from "../../../gates/environments.js";
import type { AppRun } from "../run.js";

/** Length of a signature in hexadecimal digits. */
const LENGTH = 32;
/** A source without optional fields, with all defaults. */
const DEFAULTS: Readonly<Record<string, unknown>> = AppSource.parse({ repositoryRef: { name: "x" } });

type Signed = Pick<OverseerAppStatus, "applied" | "pin" | "settings">;

/** Signs the inputs in the status of an app, with the key of the installation. Undefined if there are none. */
export function statusSignature(key: string, appUid: string, { applied, pin, settings }: Signed): string | undefined {
  if (applied === undefined && pin === undefined) return undefined;
  const { inputs, ...rest } = pin ?? {};
  // Signatures of versions without settings stay valid.
  const further = settings === undefined ? [] : [settings];
  const parts = ["app-status", appUid, signedInputs(applied), signedInputs(inputs), rest, ...further];
  return hmacSha256(key, canonicalJson(parts), LENGTH);
}

/** Leaves out defaults, since the API server adds those of newer definitions when a status is read. */
function signedInputs(inputs: Inputs | undefined): unknown {
  if (inputs === undefined) return null;
  const isDefault = ([name, value]: readonly [string, unknown]): boolean =>
    name in DEFAULTS && name !== "repositoryRef" && canonicalJson(value) === canonicalJson(DEFAULTS[name]);
  const source = Object.fromEntries(Object.entries(inputs.source).filter((entry) => !isDefault(entry)));
  return { ...inputs, source };
}

/**
 * Ignores the inputs in the status of an app of an Environment unless the operator has signed them: otherwise a user who may write the
 * status would deploy any revision by self-heal, without a gate. They stay in the status until others are applied, so that a later reconcile
 * does not take the app for a new one.
 */
export function dropUnsigned(run: AppRun): void {
  const { applied, pin, settings, signature } = run.status;
  if (applied === undefined && pin === undefined) return;
  const { lister, digestKey } = run.services;
  if (environmentsOf(run.ref.namespace, lister.list("Environment")).length === 0) return;
  if (signature === statusSignature(digestKey, run.ref.uid, { applied, pin, settings })) return;
  run.unsigned = { applied, pin, settings };
  run.status = { ...run.status, applied: undefined, pin: undefined, settings: undefined };
  run.emitEventOnce(
    "signature",
    "Warning",
    "StatusNotSigned",
    "Sync",
    "status.applied or status.pin was not written by the operator and is ignored: drift is not reverted until a user has approved a Change, or the live objects are those of the newest inputs",
  );
}
