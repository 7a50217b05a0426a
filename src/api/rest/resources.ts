import { z } from "zod";
import { NameParam, NamespaceParam } from "./fields.js";

/** Kinds that are served as the API server returns them, by their plural: those of our group, and Events. */
export const RESOURCE_KINDS = [
  "overseerapps",
  "changes",
  "gitrepositories",
  "approvals",
  "environments",
  "notificationchannels",
  "overseerappsets",
  "events",
] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** Path parameters of a kind. */
export const ResourceParams = z.object({
  kind: z.enum(RESOURCE_KINDS).describe("Plural of the kind, as kubectl api-resources prints it."),
});

const selector = z.string().max(2048).optional();

/** Which objects of a kind. */
const SCOPE = {
  namespace: NamespaceParam.optional().describe("Namespace. Unset for all."),
  labelSelector: selector.describe("Only objects with these labels."),
  fieldSelector: selector.describe("Only objects with these fields."),
} as const;

/** Query of objects. */
export const ResourceQuery = z.strictObject({
  ...SCOPE,
  name: NameParam.optional().describe("Only this object, as itself instead of a list."),
  as: z.literal("table").optional().describe("Returns a Table with the columns of kubectl get."),
  limit: z
    .string()
    .regex(/^([1-9][0-9]?|[1-4][0-9]{2}|500)$/, "must be a number from 1 to 500")
    .optional()
    .describe("Number of objects. Defaults to 500; metadata.continue of the list leads to more."),
  continue: z.string().max(4096).optional().describe("metadata.continue of the list before."),
});

/** Query of a watch. */
export const ResourceWatchQuery = z.strictObject({
  ...SCOPE,
  as: z.literal("table").optional().describe("Sends Tables with the columns of kubectl get."),
  resourceVersion: z.string().max(64).describe("metadata.resourceVersion of the list that the watch follows."),
});

/** An object, a list or a Table, as the API server returns it. */
export const ResourceAnswer = z
  .looseObject({ apiVersion: z.string(), kind: z.string() })
  .describe("An object, a list or a Table, as the API server returns it, without managed fields.");
