import type { CoreJob } from "../../api/core/job.js";
import type { Store } from "../store/store.js";
import { secretNames } from "./compose.js";

/** A secret whose value a job may read, by the name used in its document. */
export interface UsableSecret {
  readonly name: string;
  readonly id: string;
}

/**
 * Returns the existing secrets that the document of a job refers to, or that of the version to fall back to. For each name, the scope of the app takes precedence
 * over that of the node and the global scope. An agent can read the values of these secrets only.
 */
export function usableSecrets(store: Store, { appId, nodeId, payload }: CoreJob): UsableSecret[] {
  if (appId === null || payload.version === null) return [];
  const versions = [store.apps.version(appId, payload.version), store.apps.goodVersion(appId, nodeId ?? "")];
  const names = new Set(versions.flatMap((version) => secretNames(version?.compose ?? "")));
  return [...names].sort().flatMap((name) => {
    const secret =
      store.secrets.at(name, "app", appId) ??
      store.secrets.at(name, "node", nodeId) ??
      store.secrets.at(name, "global", null);
    return secret === undefined ? [] : [{ name, id: secret.id }];
  });
}
