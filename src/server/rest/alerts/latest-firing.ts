import type { Alert } from "../../../api/rest/alerts.js";

/**
 * Returns the firing alert of each app by the value of a label: the one that began last. An older one may have begun before the revision that
 * the newer one is about, and would hide that.
 */
export function latestFiring(alerts: readonly Alert[], label: string): ReadonlyMap<string, Alert> {
  const latest = new Map<string, Alert>();
  for (const alert of alerts) {
    const app = alert.labels[label];
    if (alert.status !== "firing" || app === undefined) continue;
    const known = latest.get(app);
    if (known === undefined || Date.parse(alert.startsAt) > Date.parse(known.startsAt)) latest.set(app, alert);
  }
  return latest;
}
