import type { Change } from "../../../api/change.js";
import { NAME_PATTERN, NAMESPACE_PATTERN } from "../../../api/fields.js";
import { type Alert, AlertNotification, AlertResults } from "../../../api/rest/alerts.js";
import { ProblemError } from "../../../http/problem.js";
import { collectionPath } from "../../../kube/resource.js";
import { latestFiring } from "../alerts/latest-firing.js";
import { judgeAlert } from "../alerts/rollback-target.js";
import { type Identity, sha256 } from "../identity/identity.js";
import { kubeProblem } from "../kube-problem.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { createObject } from "../writes/create-object.js";
import { readApp } from "./apps.js";

/** Label that names the app to roll back. */
const LABEL = "overseer_app";
/** Apps of one notification. More at once are not the fault of one revision. */
const MAX_APPS = 20;

type Result = AlertResults["results"][number];

/** Route by which an Alertmanager requests rollbacks. What it may roll back is up to the permissions of its ServiceAccount. */
export function alertRoutes(parts: RestParts): RestRoute[] {
  return [
    restRoute({
      method: "POST",
      path: "/api/gitops/hooks/alertmanager",
      summary:
        "Receives a notification of an Alertmanager, and requests a rollback of the apps that firing alerts name.",
      access: "user",
      body: AlertNotification,
      responses: { 200: AlertResults },
      handle: async ({ caller, body: { alerts } }) => {
        const firing = latestFiring(alerts, LABEL);
        if (firing.size > MAX_APPS)
          throw new ProblemError("INVALID", `alerts: name ${firing.size} apps, of at most ${MAX_APPS}`, {
            field: "alerts",
          });
        const results: Result[] = [];
        for (const [app, alert] of firing) results.push(await rollBack(parts, caller, app, alert));
        return { status: 200, body: { results } };
      },
    }),
  ];
}

async function rollBack(parts: RestParts, caller: Identity, app: string, alert: Alert): Promise<Result> {
  const [namespace = "", name = "", more] = app.split("/");
  const shown = app.slice(0, 320);
  if (more !== undefined || !NAMESPACE_PATTERN.test(namespace) || !NAME_PATTERN.test(name) || name.length > 253)
    return { app: shown, result: "Refused", reason: `the label ${LABEL} is not like NAMESPACE/NAME` };
  const { users, resources } = parts;
  const kube = users.as(caller);
  try {
    const live = await readApp(parts, caller, namespace, name);
    const { body } = await kube.request<{ readonly items: readonly Change[] }>({
      method: "GET",
      path: collectionPath(resources.change, namespace),
      query: { fieldSelector: `spec.app.name=${name}`, limit: "500" },
    });
    const verdict = judgeAlert(live, body.items, Date.parse(alert.startsAt));
    if ("skip" in verdict) return { app: shown, result: "Skipped", reason: verdict.skip };
    const change = `${name.slice(0, 200)}-alert-${sha256(`${alert.fingerprint} ${alert.startsAt}`).slice(0, 10)}`;
    if (body.items.some(({ metadata }) => metadata.name === change))
      return { app: shown, result: "Skipped", reason: "the alert has requested a rollback before" };
    const target = { change: verdict.target.metadata.name, uid: verdict.target.metadata.uid };
    const spec = { app: { name }, cause: "Rollback", requester: caller.name, rollbackTo: target };
    await createObject(kube, resources.change, namespace, { name: change, repeatable: true }, spec);
    return { app: shown, result: "Requested", change };
  } catch (error) {
    // Of a failure of the API server, the Alertmanager should try again.
    const problem = kubeProblem(error, "write");
    if (!(problem instanceof ProblemError) || problem.status >= 500 || problem.status === 401) throw problem;
    return { app: shown, result: "Refused", reason: problem.message.slice(0, 300) };
  }
}
