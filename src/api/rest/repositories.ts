import { z } from "zod";
import { GitRepositorySpec, GitRepositoryStatus } from "../git-repository.js";
import { LIST_QUERY, listOf, NameParam, NamespaceParam, Time } from "./fields.js";
import { ResourceMeta } from "./resource.js";

/** A GitRepository in a list. */
export const RepositoryRow = z
  .object({
    namespace: z.string(),
    name: z.string(),
    url: z.string().describe("Without user name and password."),
    ready: z.enum(["True", "False", "Unknown"]),
    revision: z.string().optional().describe("Revision in use, with a short commit ID."),
    fetched: Time.optional().describe("Time at which the revision in use was fetched."),
    suspended: z.literal(true).optional(),
    webhook: z.string().optional().describe("Path that receives webhooks, at the address of the role server."),
    message: z.string().optional().describe("Why the repository is not ready."),
    deleted: z.literal(true).optional().describe("The repository has been deleted since the snapshot was made."),
  })
  .describe("A GitRepository in a list.");
export type RepositoryRow = z.infer<typeof RepositoryRow>;

/** Query of the list of repositories. */
export const RepositoryListQuery = z.strictObject(LIST_QUERY);

/** A window of repositories. */
export const RepositoryList = listOf(RepositoryRow);
export type RepositoryList = z.infer<typeof RepositoryList>;

/** One GitRepository. */
export const RepositoryDetail = z
  .object({
    ...ResourceMeta,
    spec: GitRepositorySpec,
    status: GitRepositoryStatus.optional(),
    row: RepositoryRow.describe("The repository as lists show it."),
  })
  .describe("A GitRepository as the API server returns it, without managed fields.");
export type RepositoryDetail = z.infer<typeof RepositoryDetail>;

/** A repository to add. */
export const NewRepository = z.strictObject({
  namespace: NamespaceParam,
  name: NameParam,
  spec: z
    .looseObject({ url: z.string().max(2048) })
    .describe("Spec of the GitRepository. The API server validates it, and rejects unknown fields."),
});

/** Changes of a repository. */
export const RepositoryPatch = z.strictObject({
  spec: z.looseObject({}).describe("JSON merge patch (RFC 7396) of the spec: a field that is null is removed."),
});

/** Result of a connection test. */
export const ConnectionTest = z
  .object({
    reachable: z.boolean().describe("Whether the repository could be polled with its credential just now."),
    reason: z.string().describe("Reason of the condition Ready."),
    message: z.string().describe("Message of the condition Ready."),
    revision: z.string().optional().describe("Revision in use."),
  })
  .describe("Result of a connection test of a repository.");
export type ConnectionTest = z.infer<typeof ConnectionTest>;
