import { ownershipOf } from "../ownership-record.js";
import type { AppRecord, JobRecord, SecretRecord } from "../state/core-records.js";
import type { CoreState } from "../state/core-state.js";

/** Matches `$$` first, so that an escaped dollar sign never starts a reference. */
const REFERENCE = /\$\$|\$\{SECRET:([^{}]*)\}/g;
const names = new WeakMap<AppRecord, readonly string[]>();

/** Returns the secrets that an app uses, as its agent resolves them. */
export function secretsOf(app: AppRecord, state: CoreState): SecretRecord[] {
  return secretNamesOf(app).flatMap(
    (name) => state.secretFor(name, app.id, app.nodeId ?? app.assignedNodeId ?? undefined) ?? [],
  );
}

/** Returns the names of the secrets that the Compose document of an app refers to. */
export function secretNamesOf(app: AppRecord): readonly string[] {
  const known = names.get(app);
  if (known !== undefined) return known;
  const found = [...new Set([...app.compose.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []))].sort();
  names.set(app, found);
  return found;
}

/**
 * Returns which secret makes a deployment necessary: its value was changed after the newest job of an app that is to be deployed then.
 * Times are those of the Core. A Core that does not tell them deploys nothing.
 */
export function changedSecret(app: AppRecord, job: JobRecord | undefined, state: CoreState): string | undefined {
  if (job?.createdAt === undefined || ownershipOf(app.metadata)?.restart !== true) return undefined;
  const deployed = job.createdAt;
  const changed = secretsOf(app, state).filter(({ valueChangedAt = "" }) => valueChangedAt > deployed);
  if (changed.length === 0) return undefined;
  return `the value of ${changed.map(({ name }) => `secret ${name}`).join(" and ")} was changed after the last deployment`;
}

/** Returns the latest change of a value that an app uses; for caches. */
export function newestSecretOf(app: AppRecord, state: CoreState): string | undefined {
  if (ownershipOf(app.metadata)?.restart !== true) return undefined;
  return secretsOf(app, state)
    .map(({ id, valueChangedAt = "" }) => `${valueChangedAt} ${id}`)
    .sort()
    .join();
}
