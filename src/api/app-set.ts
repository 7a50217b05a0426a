import { z } from "zod";
import { anyFields, Generator } from "./app-set-generators.js";
import { atomicList, objectName } from "./fields.js";
import type { CustomResource } from "./meta.js";
import { conditions, lastHandledReconcileAt, observedGeneration } from "./status-fields.js";
import { PruneBudget } from "./sync-policy.js";

/** Maximum number of names in each list of a status. */
export const MAX_NAMES = 200;

const texts = (max: number, description: string) =>
  z.record(z.string(), z.string().max(max)).meta({ maxProperties: 50 }).optional().describe(description);

const AppTemplate = z
  .object({
    metadata: z
      .object({
        name: z
          .string()
          .min(1)
          .max(512)
          .describe("Name of the app, with placeholders, for example {{ .path.basename }}. Must differ for each app."),
        labels: texts(512, "Labels of the app. Values may have placeholders."),
        annotations: texts(4096, "Annotations of the app. Values may have placeholders."),
      })
      .describe("Name, labels and annotations of the app. The namespace is that of the set."),
    spec: anyFields().describe(
      'Spec of the OverseerApp, with placeholders in its strings. A string that consists of one placeholder becomes the value of the parameter, which may be a number, true, false, a list or an object. {{ "{{" }} stands for {{.',
    ),
  })
  .describe("Template of the OverseerApps.");
export type AppTemplate = z.infer<typeof AppTemplate>;

/** Spec of an OverseerAppSet. */
export const OverseerAppSetSpec = z
  .object({
    serviceAccountName: objectName(
      "ServiceAccount in the namespace of the set that the operator impersonates to write and delete the apps. Needs create, patch and delete for overseerapps, and use for what the apps refer to: their ServiceAccount and Secrets. Required, except in trusted namespaces of the operator.",
    ).optional(),
    generators: atomicList(Generator, 16, "Generators of parameters. Each set of parameters makes one app."),
    template: AppTemplate,
    dryRun: z
      .boolean()
      .default(false)
      .describe("Only show in status.plan which apps would be created, updated and deleted. Defaults to false."),
    prune: z
      .boolean()
      .default(true)
      .describe(
        "Delete apps that are not generated any more. If false, they are kept and listed in status.kept. Defaults to true.",
      ),
    pruneBudget: PruneBudget.optional().describe(
      "Maximum number of apps to delete at once without confirmation, as a number or as a percentage of the apps of the set. Above it, nothing is written until the deletions are confirmed. Defaults to the larger of 3 apps and 25%.",
    ),
    allowEmpty: z
      .boolean()
      .default(false)
      .describe(
        "Delete apps although a generator yields nothing, which is usually a mistake: a folder was moved, or a label was changed. Defaults to false.",
      ),
    deletionPolicy: z
      .enum(["Orphan", "Delete"])
      .default("Orphan")
      .describe(
        "What happens to the apps when the set is deleted. Orphan keeps them. Delete deletes them, each by its own deletionPolicy, except those that an annotation protects. Defaults to Orphan.",
      ),
    suspend: z.boolean().default(false).describe("Suspend the set: no app is written or deleted. Defaults to false."),
  })
  .describe("Generators, and the template of the apps.");
export type OverseerAppSetSpec = z.infer<typeof OverseerAppSetSpec>;

const names = (description: string) => atomicList(z.string().max(253), MAX_NAMES, description).optional();
const count = (description: string) => z.int().min(0).describe(description);

/** Status of an OverseerAppSet. */
export const OverseerAppSetStatus = z
  .object({
    observedGeneration,
    conditions: conditions(
      "Conditions of the set: Ready, and, while they are True, Reconciling, Stalled, Waiting and Terminating.",
    ),
    message: z.string().max(256).optional().describe("Message of the condition Waiting, or else of Ready."),
    counts: z
      .object({
        generated: count("Number of apps that the generators yield."),
        apps: count("Number of apps of the set in the cluster."),
      })
      .optional()
      .describe("Number of apps."),
    plan: z
      .object({
        hash: z
          .string()
          .max(64)
          .describe("Value of the annotation gitops.overseer.io/confirm-deletions that confirms these deletions."),
        creates: count("Number of apps to create."),
        updates: count("Number of apps to update."),
        deletes: count("Number of apps to delete."),
        create: names("Names of the apps to create."),
        update: names("Names of the apps to update."),
        delete: names("Names of the apps to delete."),
      })
      .optional()
      .describe("What is still to be done. Unset if there is nothing to do."),
    lastWrite: z
      .object({
        time: z.iso.datetime().describe("Time of the last write."),
        created: names("Names of the apps that were created."),
        updated: names("Names of the apps that were updated."),
        deleted: names("Names of the apps that were deleted."),
      })
      .optional()
      .describe("The last apps that were written."),
    kept: names("Names of apps that are not generated any more and are kept."),
    lastHandledReconcileAt,
  })
  .describe("Observed state of the set. Written by the operator.");
export type OverseerAppSetStatus = z.infer<typeof OverseerAppSetStatus>;

/** Many OverseerApps from one template. */
export type OverseerAppSet = CustomResource<OverseerAppSetSpec, OverseerAppSetStatus>;
