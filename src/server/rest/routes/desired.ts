import { DesiredDocuments, DocumentsQuery, ObjectComparison, ObjectQuery } from "../../../api/rest/desired.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import { nothingHere } from "../../../http/problem.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath } from "../../../kube/resource.js";
import { parseApiVersion } from "../../../manifest/object-id.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { readApp } from "./apps.js";

const APP = "/api/gitops/apps/:namespace/:name";

/** Routes about what an app shall be, which the leader answers. Who may read the app may read them. */
export function desiredRoutes(parts: RestParts): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: `${APP}/documents`,
      summary: "Returns the documents of an app, by name, with their files.",
      access: "user",
      params: ObjectParams,
      query: DocumentsQuery,
      responses: { 200: DesiredDocuments },
      handle: async ({ caller, params: { namespace, name }, query: { inputs = "applied" } }) => {
        await readApp(parts, caller, namespace, name);
        const path = `/internal/v1/apps/${namespace}/${name}/documents?inputs=${inputs}`;
        return { status: 200, body: await parts.leader.ask({ path, schema: DesiredDocuments }) };
      },
    }),
    restRoute({
      method: "GET",
      path: `${APP}/object`,
      summary:
        "Returns an object of an app as it is desired, and how the live one differs, which the user must be able to read.",
      access: "user",
      params: ObjectParams,
      query: ObjectQuery.extend(DocumentsQuery.shape),
      responses: { 200: ObjectComparison },
      handle: async ({ caller, params: { namespace, name }, query: { inputs = "applied", ...object } }) => {
        const app = await readApp(parts, caller, namespace, name);
        const { kubernetes } = app.spec.destination;
        const isLocal = kubernetes !== undefined && kubernetes.kubeConfigSecretRef === undefined;
        const live = isLocal ? await readLive(parts, caller, object) : undefined;
        const path = `/internal/v1/apps/${namespace}/${name}/compare?inputs=${inputs}`;
        const body = { object, ...(live === undefined ? {} : { live }) };
        return { status: 200, body: await parts.leader.ask({ path, body, schema: ObjectComparison }) };
      },
    }),
  ];
}

/** Reads a live object as the user; undefined if it does not exist. What the user may not read does not exist at all: 404. */
async function readLive(
  { users, kinds }: RestParts,
  caller: Parameters<RestParts["users"]["as"]>[0],
  { apiVersion, kind, namespace, name }: ObjectQuery,
): Promise<RawObject | undefined> {
  const resource = await kinds.findAny({ ...parseApiVersion(apiVersion), kind });
  if (resource === undefined) throw nothingHere();
  try {
    const path = objectPath(resource, namespace ?? "", name);
    return (await users.as(caller).request<RawObject>({ method: "GET", path })).body;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    if (isStatus(error, 403)) throw nothingHere();
    throw error;
  }
}
