import { BACKUP_SECRET_PREFIX, isSystemSecret, PULL_SECRET_PREFIX } from "../../api/core/app-backup.js";
import { mayUseSecret } from "../../api/core/env-file-secret.js";
import type { CoreJob } from "../../api/core/job.js";
import type { CoreSecret } from "../../api/core/secret.js";
import type { Store } from "../store/store.js";
import { secretNames } from "./compose.js";

/** A secret whose value a job may read, by the name used in its document. */
export interface UsableSecret {
  readonly name: string;
  readonly id: string;
}

/**
 * Returns the existing secrets that a job may use. For a deployment, those that its document refers to, or that of the version to fall back
 * to, without those of encrypted files of other apps, and credentials of registries; for a backup or restore, those of the backup program, which no document can refer to. An agent can read the values of these
 * secrets only.
 */
export function usableSecrets(store: Store, { type, appId, nodeId, payload }: CoreJob): UsableSecret[] {
  if (appId === null) return [];
  const data = type === "backup" || type === "restore";
  if (!data && payload.version === null) return [];
  const names = data
    ? secretsWith(store, BACKUP_SECRET_PREFIX)
    : deploymentSecrets(store, appId, nodeId, payload.version ?? 0);
  return [...names].sort().flatMap((name) => {
    const secret = secretFor(store, name, appId, nodeId);
    return secret === undefined ? [] : [{ name, id: secret.id }];
  });
}

/** Returns the secret that a name means for an app on a node: that of the app, otherwise of the node, otherwise the global one. */
export function secretFor(
  store: Store,
  name: string,
  appId: string | null,
  nodeId: string | null,
): CoreSecret | undefined {
  return (
    (appId === null ? undefined : store.secrets.at(name, "app", appId)) ??
    (nodeId === null ? undefined : store.secrets.at(name, "node", nodeId)) ??
    store.secrets.at(name, "global", null)
  );
}

function deploymentSecrets(store: Store, appId: string, nodeId: string | null, version: number): Set<string> {
  const [own, fallback] = [store.apps.version(appId, version), store.apps.goodVersion(appId, nodeId ?? "")].map((one) =>
    secretNames(one?.compose ?? ""),
  );
  const names = [...(own ?? []), ...(fallback ?? [])];
  const app = store.apps.find(appId)?.name ?? "";
  // Credentials of a registry that the document refers to are withheld: an agent of an earlier version puts them into containers.
  const credentials = [...secretsWith(store, PULL_SECRET_PREFIX)].filter((name) => !own?.includes(name));
  return new Set([...names.filter((name) => !isSystemSecret(name) && mayUseSecret(app, name)), ...credentials]);
}

function secretsWith(store: Store, prefix: string): Set<string> {
  const names = store.secrets.list().map(({ name }) => name);
  return new Set(names.filter((name) => name.startsWith(prefix)));
}
