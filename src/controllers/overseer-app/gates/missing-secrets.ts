import type { ChangeCause } from "../../../api/change.js";
import type { RequiredSecret } from "../../../api/external-values.js";
import type { Inputs } from "../../../api/inputs.js";
import { OverseerError } from "../../../base/errors.js";
import type { DestinationFacts } from "../../../gates/context.js";
import type { AppRun } from "../run.js";

type Missing = NonNullable<DestinationFacts["missing"]>[number];

/** Time until a Secret is read again that could not be read. A Secret that is missing is watched. */
const RETRY_MS = 60_000;

/** Returns the Secrets of `source.requiredSecrets` that do not exist, lack a key, or cannot be read. */
export async function missingSecrets(
  run: AppRun,
  { cause, desired }: { readonly cause: ChangeCause; readonly desired: { readonly inputs: Inputs } },
): Promise<Missing[]> {
  if (cause === "Deletion") return [];
  const found: Missing[] = [];
  for (const [index, secret] of (desired.inputs.source.requiredSecrets ?? []).entries()) {
    const what = await missing(run, secret);
    if (what !== undefined) found.push({ what, where: `spec.source.requiredSecrets[${index}]` });
  }
  return found;
}

async function missing(run: AppRun, { name, keys = [] }: RequiredSecret): Promise<string | undefined> {
  const { namespace } = run.ref;
  const set = (wanted: readonly string[]): string =>
    `overseer secret set ${name} ${(wanted.length === 0 ? ["KEY"] : wanted).map((key) => `${key}=@FILE`).join(" ")} -n ${namespace}`;
  try {
    const data = await run.services.values.read(run.app, { kind: "Secret", name });
    if (data === undefined) return `Secret ${namespace}/${name} (${set(keys)})`;
    const absent = keys.filter((key) => (data.get(key)?.length ?? 0) === 0);
    return absent.length === 0 ? undefined : `${absent.join(", ")} in Secret ${namespace}/${name} (${set(absent)})`;
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    run.requeueAfter(RETRY_MS);
    return `Secret ${namespace}/${name} (${error.message})`;
  }
}
