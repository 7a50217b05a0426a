import { z } from "zod";
import { NodeLabels } from "../core/fields.js";
import { AppBackup, ResourceLimits } from "./app.js";
import { DOCUMENT_API_VERSION, DocumentMetadata, DocumentName } from "./metadata.js";

const apps = z
  .array(DocumentName)
  .min(1)
  .max(1000)
  .optional()
  .describe("Apps that the policy applies to. Defaults to all apps.");

/** Kinds of policies. */
export const POLICY_TYPES = ["backup", "placement", "resources", "network", "storage", "hostAccess"] as const;

/** A policy for several apps. */
export const PolicyDocument = z
  .strictObject({
    apiVersion: z.literal(DOCUMENT_API_VERSION),
    kind: z.literal("Policy"),
    metadata: DocumentMetadata,
    spec: z
      .strictObject({
        apps,
        backup: AppBackup.optional(),
        placement: z
          .strictObject({ nodeLabels: NodeLabels.describe("Labels that the node must have.") })
          .optional()
          .describe("Placement of the apps."),
        resources: ResourceLimits.optional().describe(
          "Limits of each service of the apps. A service can set lower ones, but not higher ones.",
        ),
        network: z
          .strictObject({ isolated: z.boolean().describe("Allow apps to reach each other only by their routes.") })
          .optional()
          .describe("Network access between apps."),
        storage: z
          .strictObject({
            className: z.string().min(1).max(253).optional().describe("Storage class."),
            size: z.string().max(32).optional().describe("Default size of a volume, for example 10Gi."),
          })
          .optional()
          .describe("Storage of volumes."),
        hostAccess: z
          .strictObject({
            paths: z
              .array(z.string().startsWith("/").max(1024))
              .max(100)
              .default([])
              .describe("Host paths that may be mounted. Defaults to none."),
            dockerSocket: z.boolean().default(false).describe("Allow mounting the Docker socket. Defaults to false."),
            externalVolumes: z
              .boolean()
              .default(false)
              .describe(
                "Allow volumes of other Compose projects, volume drivers and driver options such as NFS. Defaults to false. No effect on Kubernetes.",
              ),
          })
          .optional()
          .describe("Access of apps to their host."),
      })
      .refine((spec) => POLICY_TYPES.filter((type) => spec[type] !== undefined).length === 1, {
        message: `expected exactly one of ${POLICY_TYPES.join(", ")}`,
      })
      .meta({ oneOf: POLICY_TYPES.map((type) => ({ required: [type] })) })
      .describe("Spec of the policy."),
  })
  .describe(
    "A policy for apps. Exactly one of backup, placement, resources, network, storage and hostAccess must be set.",
  );
export type PolicyDocument = z.infer<typeof PolicyDocument>;
