import { z } from "zod";

/** Fields of a custom resource besides spec and status. */
export const ResourceMeta = {
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z
    .looseObject({
      name: z.string(),
      namespace: z.string(),
      uid: z.string(),
      resourceVersion: z.string(),
      generation: z.int().optional(),
      creationTimestamp: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .describe("As in Kubernetes, without managedFields."),
} as const;
