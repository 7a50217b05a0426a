import type { z } from "zod";
import type { GitRepository } from "../../../api/git-repository.js";
import { Accepted, CreatedObject, EmptyBody } from "../../../api/rest/actions.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import {
  NewRepository,
  RepositoryDetail,
  RepositoryList,
  RepositoryListQuery,
  RepositoryPatch,
  type RepositoryRow,
} from "../../../api/rest/repositories.js";
import { objectPath } from "../../../kube/resource.js";
import { type ListKind, windowOf } from "../lists/list.js";
import { REPOSITORY_COLUMNS, REPOSITORY_FACETS, REPOSITORY_KEYS, repositoryRow } from "../lists/repository-row.js";
import { readObject } from "../read-object.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { createObject } from "../writes/create-object.js";
import { creationReply, patchObject, requestReconcile } from "./app-actions.js";

const COLLECTION = "/api/gitops/repositories";
const ONE = `${COLLECTION}/:namespace/:name`;

/** Routes of repositories. */
export function repositoryRoutes(parts: RestParts): RestRoute[] {
  const { users, resources } = parts;
  const kind: ListKind<RepositoryRow> = {
    plural: "gitrepositories",
    source: parts.repositories,
    keys: REPOSITORY_KEYS,
    facets: REPOSITORY_FACETS,
    columns: REPOSITORY_COLUMNS,
    sort: "state",
  };
  return [
    restRoute({
      method: "GET",
      path: COLLECTION,
      summary: "Lists the repositories that the user may read.",
      access: "user",
      query: RepositoryListQuery,
      responses: { 200: RepositoryList },
      handle: async ({ caller, query }) => {
        const window = await windowOf(parts, kind, caller, query);
        return { status: 200, body: { ...window, items: window.items as RepositoryRow[] } };
      },
    }),
    restRoute({
      method: "POST",
      path: COLLECTION,
      summary: "Adds a repository: creates a GitRepository.",
      access: "user",
      body: NewRepository,
      responses: { 200: CreatedObject, 201: CreatedObject },
      handle: async ({ caller, body: { namespace, name, spec }, headers }) => {
        const repeatable = headers["idempotency-key"] !== undefined;
        const target = { name, repeatable };
        const created = await createObject(users.as(caller), resources.repository, namespace, target, spec);
        return creationReply(created, "repositories");
      },
    }),
    restRoute({
      method: "GET",
      path: ONE,
      summary: "Returns one repository.",
      access: "user",
      params: ObjectParams,
      responses: { 200: RepositoryDetail },
      handle: async ({ caller, params: { namespace, name } }) =>
        detailReply(await readObject<GitRepository>(users.as(caller), resources.repository, namespace, name)),
    }),
    restRoute({
      method: "PATCH",
      path: ONE,
      summary: "Changes the spec of a repository by a JSON merge patch.",
      access: "user",
      params: ObjectParams,
      conditional: true,
      body: RepositoryPatch,
      responses: { 200: RepositoryDetail },
      handle: async ({ caller, params: { namespace, name }, body: { spec }, headers, expectRevision }) => {
        const current = await readObject<GitRepository>(users.as(caller), resources.repository, namespace, name);
        const { resourceVersion } = current.metadata;
        expectRevision({ revision: Number(resourceVersion) });
        // Without If-Match, a status that is written at the same time is no conflict.
        const patch = headers["if-match"] === undefined ? { spec } : { metadata: { resourceVersion }, spec };
        return detailReply(
          (await patchObject(parts, caller, resources.repository, namespace, name, patch)) as GitRepository,
        );
      },
    }),
    restRoute({
      method: "DELETE",
      path: ONE,
      summary: "Deletes a repository. Apps that read it keep their objects, and report that it is missing.",
      access: "user",
      params: ObjectParams,
      responses: { 202: Accepted },
      handle: async ({ caller, params: { namespace, name } }) => {
        const kube = users.as(caller);
        const { metadata } = await readObject<GitRepository>(kube, resources.repository, namespace, name);
        await kube.request({
          method: "DELETE",
          path: objectPath(resources.repository, namespace, name),
          body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: metadata.uid } },
        });
        return { status: 202, body: { namespace, name } };
      },
    }),
    restRoute({
      method: "POST",
      path: `${ONE}/sync`,
      summary: "Requests a poll of a repository.",
      access: "user",
      params: ObjectParams,
      body: EmptyBody,
      responses: { 202: Accepted },
      handle: async ({ caller, params: { namespace, name } }) => {
        const reconcileAt = await requestReconcile(parts, caller, resources.repository, namespace, name);
        return { status: 202, body: { namespace, name, reconcileAt } };
      },
    }),
  ];
}

function detailReply(repository: GitRepository) {
  const { managedFields: _, ...metadata } = repository.metadata as GitRepository["metadata"] & {
    managedFields?: unknown;
  };
  const body = { ...repository, metadata, row: repositoryRow(repository) };
  return {
    status: 200 as const,
    etag: `"${metadata.resourceVersion}"`,
    body: body as unknown as z.output<typeof RepositoryDetail>,
  };
}
