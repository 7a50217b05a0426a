import { z } from "zod";
import { DURATION_PATTERN } from "../base/duration.js";
import { CreateNamespace } from "./create-namespace.js";
import { atomicList, duration, withRules } from "./fields.js";
import { IgnoreDifferences } from "./ignore-differences.js";

/** A recurring period in which syncs are allowed or denied. */
export const SyncWindow = z
  .object({
    kind: z
      .enum(["Allow", "Deny"])
      .describe(
        "Deny permits no sync while the window is active. If there are Allow windows, syncs are permitted only while one of them is active. Deny takes precedence.",
      ),
    schedule: z
      .string()
      .min(9)
      .max(100)
      .regex(/^[0-9A-Za-z*,/?#-]+( +[0-9A-Za-z*,/?#-]+){4}$/)
      .describe("Start of the window as a cron schedule of 5 fields: minute, hour, day of month, month, day of week."),
    duration: withRules(z.string().max(32).regex(new RegExp(DURATION_PATTERN)), [
      { rule: "duration(self) >= duration('1s')", message: "must not be shorter than 1s" },
      { rule: "duration(self) <= duration('8784h')", message: "must not be longer than 8784h" },
    ]).describe("How long the window stays active. A duration such as 30m or 8h."),
    timeZone: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe("IANA name of the time zone of the schedule, for example Europe/Berlin. Defaults to UTC."),
  })
  .describe("A recurring period in which syncs are allowed or denied.");
export type SyncWindow = z.infer<typeof SyncWindow>;

/** A number of objects, or a percentage such as 25%. */
export const PruneBudget = z.union([
  z.int().min(0),
  z
    .string()
    .max(8)
    .regex(/^([0-9]+|[0-9]+%)$/),
]);

/** What happens to fields that others add to live objects. */
export type Additions = "Revert" | "Report" | "Keep" | "RevertAll";

/** Sync policy of an app. */
export const SyncPolicy = z
  .object({
    mode: z
      .enum(["Automatic", "Manual"])
      .default("Automatic")
      .describe(
        "Automatic applies new inputs by itself. Manual plans them and waits until a user with the verb sync for this OverseerApp requests it by a Change of cause Sync. Drift is reverted in both modes. Defaults to Automatic.",
      ),
    selfHeal: z
      .boolean()
      .default(true)
      .describe(
        "Revert drift: changes that others make to live objects. If false, drift is only reported. Defaults to true.",
      ),
    additions: z
      .enum(["Revert", "Report", "Keep", "RevertAll"])
      .default("Revert")
      .describe(
        "What happens to fields that are not in Git and that others add to live objects of a Kubernetes cluster. Revert removes those that people add with kubectl or another client of --user-field-managers; if selfHeal is false, they are only reported. Report only reports them. Keep ignores them. RevertAll removes the fields of all other field managers too, except those of known controllers. Never removed: spec.replicas, finalizers, owner references, status, and requests by annotation such as kubectl rollout restart. Defaults to Revert.",
      ),
    ignoreDifferences: IgnoreDifferences.optional(),
    createNamespace: CreateNamespace.optional(),
    recreate: z
      .boolean()
      .default(false)
      .describe(
        "Delete and re-create objects whose change the API server refuses because a field is immutable, such as the pod template of a Job. What they hold is lost; the plan names it. Objects that are protected from deletion are never re-created without a confirmation. The annotation gitops.overseer.io/recreate: allowed permits it for one object. Defaults to false.",
      ),
    prune: z
      .boolean()
      .default(true)
      .describe(
        "Delete objects that are removed from Git. The deletion of Namespaces, PersistentVolumes, PersistentVolumeClaims, StatefulSets with persistentVolumeClaimRetentionPolicy.whenDeleted: Delete, CustomResourceDefinitions, OverseerApps, OverseerAppSets and GitRepositories must be confirmed by an annotation on the object; the Change waits for it. Defaults to true.",
      ),
    deletePropagation: z
      .enum(["Background", "Foreground", "Orphan"])
      .default("Background")
      .describe(
        "How Kubernetes deletes what an object owns, such as the pods of a Deployment, when the operator deletes the object: Background afterwards, Foreground before the object itself is gone, Orphan not at all. Defaults to Background.",
      ),
    pruneBudget: PruneBudget.optional().describe(
      "Maximum number of objects that one Change may delete without confirmation, as a number or as a percentage of the app's objects. Defaults to the larger of 3 objects and 25%.",
    ),
    allowEmpty: z
      .boolean()
      .default(false)
      .describe(
        "Accept a source without any document, which deletes all objects of the app. If false, such a source is an error (NoDocuments). Defaults to false.",
      ),
    adopt: z
      .enum(["Unowned", "Always", "Never"])
      .default("Unowned")
      .describe(
        "Whether existing objects are adopted. Unowned adopts objects that are not managed by Argo CD, Flux, Helm or another app; on an Overseer Core it adopts nothing, since resources without an app were created by users there. Always adopts every object that does not belong to another app. Never rejects documents whose object already exists. Defaults to Unowned.",
      ),
    windows: atomicList(
      SyncWindow,
      10,
      "Periods in which syncs are allowed or denied. Outside of them a Change waits before its first write; drift is reverted to the applied revision all the same, unless selfHeal is false. A Change that has begun to write is completed.",
    ).optional(),
    retry: withRules(
      z
        .object({
          base: duration("Delay after the first failure. It doubles with each further failure.", "5s", "100ms"),
          max: duration("Maximum delay.", "5m", "100ms"),
        })
        .describe("Backoff of failed Changes. Retries continue indefinitely; a newer commit is tried immediately."),
      [
        {
          rule: "!has(self.base) || !has(self.max) || duration(self.base) <= duration(self.max)",
          message: "base must not be longer than max",
          fieldPath: ".base",
        },
      ],
    ).prefault({}),
  })
  .describe("How changes are applied, retried and pruned.");
export type SyncPolicy = z.infer<typeof SyncPolicy>;
