import { z } from "zod";
import { AppBackup } from "./app.js";
import { DOCUMENT_API_VERSION, DocumentMetadata, DocumentName } from "./metadata.js";

const apps = z
  .array(DocumentName)
  .min(1)
  .max(1000)
  .optional()
  .describe("Apps that the policy applies to. Defaults to all apps.");

/** Kinds of policies. */
export const POLICY_TYPES = ["backup", "placement", "network", "storage", "hostAccess"] as const;

/** Rules for apps that are not written into each of them. */
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
          .strictObject({ nodeLabels: z.record(z.string(), z.string()).describe("Labels that a node must have.") })
          .optional()
          .describe("Where apps may run."),
        network: z
          .strictObject({ isolated: z.boolean().describe("Whether apps may reach each other only by their routes.") })
          .optional()
          .describe("Who may reach whom."),
        storage: z
          .strictObject({
            className: z.string().min(1).max(253).optional().describe("Class of storage."),
            size: z.string().max(32).optional().describe("Size of a volume that names none, like 10Gi."),
          })
          .optional()
          .describe("What volumes are made of."),
        hostAccess: z
          .strictObject({
            paths: z.array(z.string().startsWith("/").max(1024)).max(100).default([]).describe("Paths of the host."),
            dockerSocket: z.boolean().default(false).describe("Whether the socket of Docker may be mounted."),
          })
          .optional()
          .describe("What of their host apps may use."),
      })
      .refine((spec) => POLICY_TYPES.filter((type) => spec[type] !== undefined).length === 1, {
        message: `expected exactly one of ${POLICY_TYPES.join(", ")}`,
      })
      .meta({ oneOf: POLICY_TYPES.map((type) => ({ required: [type] })) })
      .describe("The rule."),
  })
  .describe("A rule for apps: exactly one of backup, placement, network, storage, hostAccess.");
export type PolicyDocument = z.infer<typeof PolicyDocument>;
