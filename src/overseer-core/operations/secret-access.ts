import type { CoreJob } from "../../api/core/job.js";
import type { Store } from "../store/store.js";
import { secretNames } from "./compose.js";

/** A secret that a job may have the value of, by the name that its document uses. */
export interface UsableSecret {
  readonly name: string;
  readonly id: string;
}

/**
 * The secrets that the document of a job refers to, as far as there are any: for each name that of the app, else that of the
 * node, else the global one. An agent gets the values of these, and of no others.
 */
export function usableSecrets(store: Store, { appId, nodeId, payload }: CoreJob): UsableSecret[] {
  if (appId === null || payload.version === null) return [];
  const compose = store.apps.version(appId, payload.version)?.compose ?? "";
  return secretNames(compose).flatMap((name) => {
    const secret =
      store.secrets.at(name, "app", appId) ??
      store.secrets.at(name, "node", nodeId) ??
      store.secrets.at(name, "global", null);
    return secret === undefined ? [] : [{ name, id: secret.id }];
  });
}
