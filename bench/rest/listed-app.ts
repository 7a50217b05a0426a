import type { OverseerApp } from "../../src/api/overseer-app.js";
import type { AppRow } from "../../src/api/rest/apps.js";
import { appListRow } from "../../src/server/rest/lists/app-row.js";
import { asListed, type Listed } from "../../src/server/rest/lists/listed.js";

/** Returns an app of a fleet in which one of twenty has a problem. `round`: how often it has changed. */
export function listedApp(index: number, round = 0): Listed<AppRow> {
  const [namespace, name] = [`team-${index % 100}`, `web-${index}`];
  const broken = index % 20 === 0;
  const condition = (type: string, status: string) => ({
    ...{
      type,
      status,
      reason: "X",
      message: "",
      lastTransitionTime: new Date(Date.UTC(2026, 10, 29, 12) + round * 1000).toISOString(),
    },
  });
  const app = {
    apiVersion: "gitops.overseer.io/v1alpha1",
    kind: "OverseerApp",
    metadata: { name, namespace, uid: String(index), resourceVersion: "1", generation: 1, labels: { team: namespace } },
    spec: {
      source: { repositoryRef: { name: `repository-${index % 50}` }, path: "." },
      destination: { kubernetes: {} },
      suspend: false,
    },
    status: {
      health: broken ? "Degraded" : "Healthy",
      conditions: [condition("Ready", broken ? "False" : "True"), condition("Synced", "True")],
      shortRevision: "main@sha1:1a2b3c4",
      message: broken ? "Deployment web has 1 of 3 pods" : "Applied main@sha1:1a2b3c4",
      counts: { objects: 20, healthy: 20 },
      change: { name: `${name}-7` },
    },
  } as unknown as OverseerApp;
  return asListed(app, appListRow);
}
