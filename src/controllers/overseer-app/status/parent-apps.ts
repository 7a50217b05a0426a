import { GROUP, LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import type { Document } from "../../../manifest/document.js";
import { appKey } from "../../../plan/live.js";
import type { AppRun } from "../run.js";

/** Reports whether a document is an OverseerApp. */
export function isApp({ id }: Pick<Document, "id">): boolean {
  return id.group === GROUP && id.kind === "OverseerApp";
}

/**
 * Returns the app itself, if its destination is this cluster, and the apps that manage it directly or indirectly, as
 * `namespace/name`. If one of them is also an object of this app (an app in its own folder, or two apps that manage each other),
 * each would wait for the other to become healthy.
 */
export function parentApps(run: AppRun): ReadonlySet<string> {
  const { kubernetes } = run.app.spec.destination;
  const holders = new Set<string>();
  if (kubernetes === undefined || kubernetes.kubeConfigSecretRef !== undefined) return holders;
  let key: string | undefined = run.key;
  while (key !== undefined && !holders.has(key)) {
    holders.add(key);
    const app: OverseerApp | undefined = key === run.key ? run.app : run.services.apps.get(key);
    const labels: Readonly<Record<string, string>> = app?.metadata.labels ?? {};
    const [name, namespace] = [labels[LABEL_APP], labels[LABEL_APP_NAMESPACE]];
    key = name === undefined || namespace === undefined ? undefined : appKey({ namespace, name });
  }
  return holders;
}
