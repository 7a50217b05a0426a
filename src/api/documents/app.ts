import { z } from "zod";
import { BackupPreHook, CronSchedule, TimeZone } from "../core/backup-policy.js";
import { CoreName, HostName, NodeLabels } from "../core/fields.js";
import { UrlPath } from "../core/url-path.js";
import { DOCUMENT_API_VERSION, DocumentMetadata } from "./metadata.js";

const CPUS = "expected a number of CPUs greater than 0, like 0.5";

/** Limits of the processors and the memory of a service. */
export const ResourceLimits = z.strictObject({
  cpus: z
    .union([z.number().positive(CPUS), z.string().regex(/^[0-9]*[.]?[0-9]+$/, CPUS)], { error: CPUS })
    .optional()
    .describe("CPU limit in number of CPUs, for example 0.5."),
  memory: z
    .string()
    .regex(/^[0-9]+([.][0-9]+)?([bkmgBKMG][bB]?)?$/, "expected an amount of memory, like 512m or 2g")
    .optional()
    .describe("Memory limit, for example 512m."),
});

/** A route from a host name to a service of the app. */
export const AppRoute = z
  .strictObject({
    host: HostName.optional().describe("Host name. Defaults to the domain of the app."),
    path: UrlPath.default("/").describe("Path prefix of the requests. Defaults to /."),
    service: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe(
        "Service of the Compose document. Defaults to the only service, else to the one with the name of the app, else to the only one with ports.",
      ),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe("Port that the service listens on. Defaults to the first port of its ports or expose, or else to 80."),
    tls: z.boolean().default(true).describe("Serve over HTTPS. Defaults to true."),
    auth: CoreName.optional().describe(
      "Sign-in provider that authenticates visitors, for example oidc. If unset, the route is public.",
    ),
  })
  .describe("A route from a host name to a service of the app.");

/** Backup schedule and retention of an app. */
export const AppBackup = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Enable backups. Defaults to true."),
    schedule: CronSchedule.default("0 3 * * *").describe(
      "Cron schedule with five fields. Defaults to 0 3 * * *, every day at 3:00.",
    ),
    timeZone: TimeZone.optional().describe("Time zone of the schedule, for example Europe/Berlin. Defaults to UTC."),
    stop: z
      .boolean()
      .optional()
      .describe(
        "Stop the containers while the data is copied, so that it is consistent. Defaults to false. Not supported on Kubernetes.",
      ),
    preHooks: z
      .array(BackupPreHook)
      .max(20)
      .optional()
      .describe(
        "Commands that run before the data is copied, for example a dump of a database. Not supported on Kubernetes.",
      ),
    retention: z
      .strictObject({ days: z.int().min(1).max(3650).default(7).describe("Number of days. Defaults to 7.") })
      .prefault({})
      .describe("Retention of backups."),
  })
  .describe("Backups of the app's data.");

/** An app: a Compose document with its routes, backups and node. */
export const AppDocument = z
  .strictObject({
    apiVersion: z.literal(DOCUMENT_API_VERSION),
    kind: z.literal("App"),
    metadata: DocumentMetadata,
    spec: z
      .strictObject({
        description: z.string().max(1024).optional().describe("Description for people."),
        domain: HostName.optional().describe(
          "Host name of the app. Without routes, the app gets one route with this host.",
        ),
        targetNode: CoreName.optional().describe(
          "Node that runs the app. If unset, the Core chooses a node with the nodeLabels, and keeps its choice.",
        ),
        nodeLabels: NodeLabels.optional().describe("Labels that the node must have. Defaults to those of Policies."),
        compose: z
          .record(z.string(), z.unknown())
          .optional()
          .describe("Compose document. Exactly one of compose and composeFiles must be set."),
        composeFiles: z
          .array(z.string().min(1).max(1024))
          .min(1)
          .max(10)
          .optional()
          .describe(
            "Compose files, relative to this document. Later files override earlier ones, as with docker compose -f. Exactly one of compose and composeFiles must be set.",
          ),
        profiles: z
          .array(z.string().min(1).max(100))
          .max(20)
          .optional()
          .describe(
            "Active profiles of the Compose document. * activates all. If unset, services with profiles do not run.",
          ),
        routes: z
          .array(AppRoute)
          .max(100)
          .optional()
          .describe("Routes to the app. Defaults to one route for domain, if set."),
        backup: AppBackup.optional(),
        resources: ResourceLimits.optional().describe(
          "Resource limits of the main service: the only service, else the one with the name of the app, else the only one with ports.",
        ),
        env: z
          .record(
            z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected a name of letters, digits and _"),
            z.union([z.string(), z.number(), z.boolean()], { error: "expected text, a number, or true or false" }),
          )
          .optional()
          .describe(
            "Variables for ${NAME} in the Compose document. They take precedence over source.env of the OverseerApp. No other variables are used.",
          ),
      })
      .meta({ oneOf: [{ required: ["compose"] }, { required: ["composeFiles"] }] })
      .describe("Spec of the app."),
  })
  .describe("A self-hosted app: a Compose document with its routes, backups and node.");
export type AppDocument = z.infer<typeof AppDocument>;
