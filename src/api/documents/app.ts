import { z } from "zod";
import { CronSchedule } from "../core/backup-policy.js";
import { CoreName, HostName, UrlPath } from "../core/fields.js";
import { DOCUMENT_API_VERSION, DocumentMetadata } from "./metadata.js";

const CPUS = "expected a number of CPUs that is more than 0, like 0.5";

/** A way from a host name to a service. */
export const AppRoute = z
  .strictObject({
    host: HostName.optional().describe("Host name. Defaults to the app's domain."),
    path: UrlPath.default("/").describe("Path that requests begin with."),
    service: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe(
        "Service of the Compose document. Defaults to the only service, the service named like the app, or the only service with ports.",
      ),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe("Port that the service listens on. Defaults to the first port that the service declares, or 80."),
    tls: z.boolean().default(true).describe("Serve over HTTPS."),
    auth: CoreName.optional().describe(
      "Sign-in provider that visitors must use, for example oidc. If unset, no sign-in is required.",
    ),
  })
  .describe("A way from a host name to a service.");

/** How often an app is backed up, and how long that is kept. */
export const AppBackup = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether backups are made."),
    schedule: CronSchedule.default("0 3 * * *").describe("When, as a cron line."),
    retention: z
      .strictObject({ days: z.int().min(1).max(3650).default(7).describe("Days.") })
      .prefault({})
      .describe("How long backups are kept."),
  })
  .describe("Backups of the app's data.");

/** An app: a Compose document, with how it is reached, backed up and placed. */
export const AppDocument = z
  .strictObject({
    apiVersion: z.literal(DOCUMENT_API_VERSION),
    kind: z.literal("App"),
    metadata: DocumentMetadata,
    spec: z
      .strictObject({
        description: z.string().max(1024).optional().describe("What it is."),
        domain: HostName.optional().describe("Host name that it is known by; without routes, this is the route."),
        targetNode: CoreName.optional().describe("Node that runs the app. May be unset if the Core has a single node."),
        compose: z
          .record(z.string(), z.unknown())
          .optional()
          .describe("The Compose document. This or composeFiles has to be there."),
        composeFiles: z
          .array(z.string().min(1).max(1024))
          .min(1)
          .max(10)
          .optional()
          .describe(
            "Files with the Compose document, relative to this one, instead of compose. Later files override earlier ones, as with docker compose -f.",
          ),
        routes: z.array(AppRoute).max(100).optional().describe("How it is reached."),
        backup: AppBackup.optional(),
        resources: z
          .strictObject({
            cpus: z
              .union([z.number().positive(CPUS), z.string().regex(/^[0-9]*[.]?[0-9]+$/, CPUS)], { error: CPUS })
              .optional()
              .describe("CPUs, like 0.5."),
            memory: z
              .string()
              .regex(/^[0-9]+([.][0-9]+)?([bkmgBKMG][bB]?)?$/, "expected an amount of memory, like 512m or 2g")
              .optional()
              .describe("Memory, like 512m."),
          })
          .optional()
          .describe(
            "Limits of its main service: the only one, the one named like the app, or the only one with ports.",
          ),
        env: z
          .record(
            z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected a name of letters, digits and _"),
            z.union([z.string(), z.number(), z.boolean()], { error: "expected text, a number, or true or false" }),
          )
          .optional()
          .describe(
            "Variables that ${NAME} in the Compose document stands for. They win over those of the OverseerApp, and nothing else is looked at.",
          ),
      })
      .meta({ oneOf: [{ required: ["compose"] }, { required: ["composeFiles"] }] })
      .describe("The app."),
  })
  .describe("A self-hosted app: a Compose document, and how it is reached, backed up and placed.");
export type AppDocument = z.infer<typeof AppDocument>;
