import { ANNOTATION_RECONCILE_AT } from "../../../api/group.js";
import type { AppSource } from "../../../api/inputs.js";
import { parseDuration } from "../../../base/duration.js";
import { OverseerError } from "../../../base/errors.js";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { GitSnapshot } from "../../../git/engine.js";
import type { RenderRequest } from "../../../render/request.js";
import type { AppRun } from "../run.js";
import { readStoreSecret } from "./external-values.js";
import { readSecretValues } from "./secret-values.js";

/** Longest and shortest time until a store is asked again that gave nothing. Secrets of the cluster are watched. */
const RETRY_MS = 10_000;
const MIN_RETRY_MS = 1_000;

/** Adds what Secret documents refer to, if the source has stores. What they refer to is known for each content of the source. */
export async function withStoredSecrets(
  run: AppRun,
  source: AppSource,
  request: RenderRequest,
  snapshot: GitSnapshot,
  isNewest: boolean,
): Promise<RenderRequest> {
  const { services, memory, app } = run;
  if (!source.secretStores?.length) {
    services.secretStores.forget(run.key);
    return request;
  }
  const located = await services.renderer.locate(request, snapshot, memory.locatedReferences);
  memory.locatedReferences = located;
  const stamp = canonicalJson([
    app.metadata.generation,
    app.metadata.annotations?.[ANNOTATION_RECONCILE_AT],
    located.key,
  ]);
  if (isNewest && memory.secretsSince.stamp !== stamp) memory.secretsSince = { stamp, at: services.clock.monotonic() };
  const known = memory.secretReferences.get(located.key);
  const references = known ?? (await services.renderer.secretReferences(request, snapshot));
  memory.secretReferences.set(located.key, references);
  try {
    const secretValues = await readSecretValues(run, source, references, (name, field) =>
      readStoreSecret(run, name, field),
    );
    const { external } = request;
    const digest = hmacSha256(services.digestKey, canonicalJson([external?.digest ?? "", secretValues.content()]), 32);
    const base = external ?? { variables: new Map(), values: [] };
    return { ...request, external: { ...base, digest, secretValues } };
  } catch (error) {
    if (error instanceof OverseerError && error.class === "retryable")
      run.requeueAfter(error.retryAfterMs ?? retryMs(source));
    throw error;
  }
}

/** A store that is read often is asked again as often. */
function retryMs({ secretStores = [] }: AppSource): number {
  const intervals = secretStores.map(({ vault, core }) => parseDuration((vault ?? core)?.interval ?? "") ?? 0);
  return Math.max(MIN_RETRY_MS, Math.min(RETRY_MS, ...intervals.filter((interval) => interval > 0)));
}
