import {
  ANNOTATION_SECRET_SET_AT,
  ANNOTATION_SECRET_SET_BY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_PUSHED,
} from "../../../api/group.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import { PushedSecret, PushedSecretBody, PushedSecrets, PushedSecretsQuery } from "../../../api/rest/secrets.js";
import { rfc3339 } from "../../../base/clock.js";
import { ProblemError } from "../../../http/problem.js";
import { PARTIAL_OBJECT } from "../../../kube/client/kube-client.js";
import { isStatus, KubeStatusError } from "../../../kube/errors.js";
import type { UserKube } from "../identity/user-requests.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { REST_MANAGER } from "../writes/create-object.js";

/** A Secret takes 1 MiB, and base64 a third more. */
const MAX_BODY_BYTES = 1_500_000;

const PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** What is read of a Secret: never its values. */
interface SecretMetadata {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
}

/** Routes about Secrets which are kept out of Git, in the name of the user. */
export function secretRoutes({ clock, users }: Pick<RestParts, "clock" | "users">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/secrets",
      summary: "Lists the Secrets that are kept out of Git, with who set them and when. Reads no values.",
      access: "user",
      query: PushedSecretsQuery,
      responses: { 200: PushedSecrets },
      handle: async ({ caller, query: { namespace } }) => {
        // Null in an empty list of metadata, as Go writes it.
        const { body } = await users.as(caller).request<{ readonly items: readonly SecretMetadata[] | null }>({
          ...{ method: "GET", path: namespace === undefined ? "/api/v1/secrets" : pathOf(namespace) },
          ...{ query: { labelSelector: `${LABEL_PUSHED}=true` }, accept: PARTIAL_LIST },
        });
        return { status: 200, body: { items: (body.items ?? []).map(pushedSecret) } };
      },
    }),
    restRoute({
      method: "PUT",
      path: "/api/gitops/secrets/:namespace/:name",
      summary: "Creates a Secret that is kept out of Git, or sets some of its keys. No app overwrites or deletes it.",
      access: "user",
      maxBodyBytes: MAX_BODY_BYTES,
      params: ObjectParams,
      body: PushedSecretBody,
      responses: { 200: PushedSecret, 201: PushedSecret },
      handle: async ({ caller, params: { namespace, name }, body: { data, type } }) => {
        const kube = users.as(caller);
        const before = await readMetadata(kube, namespace, name);
        if (before !== undefined) ensureFree(before, namespace, name);
        const [setBy, setAt] = [caller.name, rfc3339(clock.now())];
        const metadata = {
          labels: { [LABEL_PUSHED]: "true" },
          annotations: { [ANNOTATION_SECRET_SET_BY]: setBy, [ANNOTATION_SECRET_SET_AT]: setAt },
        };
        const result = { namespace, name, keys: Object.keys(data).sort(), setBy, setAt };
        const query = { fieldManager: REST_MANAGER, fieldValidation: "Strict" };
        if (before === undefined) {
          const object = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace, ...metadata }, data };
          const withType = { ...object, ...(type === undefined ? {} : { type }) };
          await write(kube, { method: "POST", path: pathOf(namespace), query, body: withType });
          return { status: 201, body: result };
        }
        const contentType = "application/merge-patch+json";
        // The API server refuses another type than the Secret has.
        const patch = { metadata, data, ...(type === undefined ? {} : { type }) };
        await write(kube, { method: "PATCH", path: pathOf(namespace, name), query, contentType, body: patch });
        return { status: 200, body: result };
      },
    }),
  ];
}

function pushedSecret({ metadata: { namespace, name, annotations = {} } }: SecretMetadata) {
  const setBy = annotations[ANNOTATION_SECRET_SET_BY];
  const setAt = annotations[ANNOTATION_SECRET_SET_AT];
  return {
    ...{ namespace, name },
    ...(setBy === undefined ? {} : { setBy }),
    ...(setAt === undefined ? {} : { setAt }),
  };
}

async function readMetadata(kube: UserKube, namespace: string, name: string): Promise<SecretMetadata | undefined> {
  try {
    const request = { method: "GET", path: pathOf(namespace, name), accept: PARTIAL_OBJECT } as const;
    return (await kube.request<SecretMetadata>(request)).body;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Throws CONFLICT if another would revert what is set. */
function ensureFree({ metadata }: SecretMetadata, namespace: string, name: string): void {
  const { labels = {}, ownerReferences = [] } = metadata;
  const [owner] = ownerReferences;
  const app = labels[LABEL_APP];
  const by =
    app !== undefined
      ? `managed by OverseerApp ${labels[LABEL_APP_NAMESPACE]}/${app}: change it in Git, or remove it there first`
      : owner !== undefined
        ? `of ${owner.kind} ${owner.name}, whose controller would overwrite it: change it there`
        : undefined;
  if (by !== undefined) throw new ProblemError("CONFLICT", `Secret ${namespace}/${name} is ${by}`);
}

/** Sends a write. Texts of the API server about an invalid Secret are not passed on: they may quote values. */
async function write(kube: UserKube, request: Parameters<UserKube["request"]>[0]): Promise<void> {
  try {
    await kube.request(request);
  } catch (error) {
    const isInvalid = error instanceof KubeStatusError && [400, 422].includes(error.statusCode);
    if (isInvalid) throw new ProblemError("INVALID", "the API server rejects the Secret: check its type and keys");
    throw error;
  }
}

function pathOf(namespace: string, name?: string): string {
  return `/api/v1/namespaces/${namespace}/secrets${name === undefined ? "" : `/${name}`}`;
}
