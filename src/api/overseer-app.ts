import { z } from "zod";
import { AcceptedSettings } from "./accepted-settings.js";
import { AppNotify } from "./app-notify.js";
import { Dependency } from "./dependency.js";
import {
  atomicList,
  atomicMap,
  duration,
  localRef,
  namespaceList,
  namespaceName,
  objectName,
  withRules,
} from "./fields.js";
import { FinishedObject, MAX_FINISHED, MAX_FINISHED_DIGESTS } from "./finished-object.js";
import { ReportedCommitStatus } from "./git-provider.js";
import { HealthExpressions } from "./health-expressions.js";
import { DeletionHooks } from "./hook.js";
import { AppSource, Inputs } from "./inputs.js";
import { Ledger } from "./ledger.js";
import type { CustomResource } from "./meta.js";
import { notesFields } from "./notes.js";
import { Pin } from "./pin.js";
import { PromotionStatus } from "./promotion.js";
import { SOURCE_RULES } from "./source-rules.js";
import { conditions, governingEnvironments, lastHandledReconcileAt, observedGeneration } from "./status-fields.js";
import { SUSPENSION_RULE } from "./suspension.js";
import { SyncPolicy } from "./sync-policy.js";

/** Destination of an app. */
export const Destination = withRules(
  z
    .object({
      kubernetes: z
        .object({
          namespace: namespaceName(
            "Namespace of namespaced documents that do not set one. Defaults to the namespace of the app.",
          ).optional(),
          kubeConfigSecretRef: atomicMap(
            z
              .object({
                name: objectName("Name of the Secret, in the namespace of the app."),
                key: z
                  .string()
                  .min(1)
                  .max(253)
                  .regex(/^[-._a-zA-Z0-9]+$/)
                  .optional()
                  .describe(
                    "Key of the Secret with the kubeconfig. Defaults to value, or to value.yaml if there is no key value.",
                  ),
              })
              .describe(
                "Secret with the kubeconfig of a remote cluster. The app is applied there with the permissions of the kubeconfig's user, or, if serviceAccountName is set, of that ServiceAccount in the remote cluster. The kubeconfig must be self-contained: server, certificates, and a token or client certificate. File paths, exec plugins and proxies are rejected. If unset, the app is applied to the local cluster.",
              ),
          ).optional(),
        })
        .optional()
        .describe(
          "Applies the documents to a Kubernetes cluster by server-side apply. {} means the local cluster and the namespace of the app.",
        ),
      overseer: z
        .object({
          url: withRules(
            z
              .string()
              .min(1)
              .max(2048)
              .describe(
                "URL of the Core. Must start with https://; http:// is allowed for localhost only. Must not contain a user name or password.",
              ),
            [
              {
                rule: "isURL(self) && url(self).getHostname() != '' && !self.matches('^[a-z]+://[^/?#]*@')",
                message:
                  "url must be a complete URL without user name and password, for example https://core.example.com",
              },
              {
                rule: "self.startsWith('https://') || self.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])([:/]|$)')",
                message: "url must begin with https://: the token is never sent over http:// to another machine",
              },
            ],
          ),
          secretRef: localRef("Secret with the key token. Optional key: ca.crt, the CA of the Core's certificate."),
          caSecretRef: localRef(
            "Secret with the key ca.crt, the CA of the Core's certificate. If unset, ca.crt of secretRef is used, or else the system's CAs.",
          ).optional(),
          interval: duration(
            "Long-poll timeout, or polling interval if the Core does not support long polling.",
            "30s",
            "1s",
          ),
        })
        .optional()
        .describe("Applies the documents (overseer.io/v1) to an Overseer Core by its REST API."),
    })
    .describe(
      "Destination of the documents: exactly one of kubernetes and overseer must be set. Immutable: create a new app to move to another destination.",
    ),
  [
    {
      rule: "has(self.kubernetes) != has(self.overseer)",
      message:
        "exactly one destination must be set: destination.kubernetes ({} for the local cluster and the namespace of the app) or destination.overseer",
    },
    {
      rule: "self == oldSelf",
      message:
        "destination is immutable: create a new app and delete this one (with deletionPolicy Orphan its objects are kept)",
    },
  ],
);
export type Destination = z.infer<typeof Destination>;

/** Spec of an OverseerApp. */
export const OverseerAppSpec = withRules(
  z
    .object({
      source: AppSource,
      destination: Destination,
      serviceAccountName: objectName(
        "ServiceAccount in the namespace of the app that the operator impersonates for all writes of this app. Required, except in trusted namespaces of the operator, with kubeConfigSecretRef, and for destination.overseer.",
      ).optional(),
      sync: SyncPolicy.prefault({}),
      dependsOn: atomicList(
        Dependency,
        32,
        "OverseerApps that must be Ready and Healthy before a Change of this app is applied.",
      ).optional(),
      allowedNamespaces: namespaceList(
        "Namespaces, other than its own, whose apps may refer to this app in dependsOn. * allows all namespaces. Defaults to none.",
      ).optional(),
      health: z
        .object({
          timeout: duration(
            "How long to wait for healthy objects after an apply. After that, the Change fails.",
            "5m",
            "1s",
          ),
          rollbackOnFailure: z
            .boolean()
            .default(false)
            .describe(
              "If a Change fails, roll back to the inputs of the last Change that succeeded, and stay there until the inputs change. Defaults to false.",
            ),
          expressions: HealthExpressions.optional(),
        })
        .describe("Health checks.")
        .prefault({}),
      deletionPolicy: z
        .enum(["Delete", "DeleteAll", "Orphan"])
        .default("Delete")
        .describe(
          "What happens to the objects when the app is deleted. Delete deletes them, except PersistentVolumeClaims, StatefulSets with persistentVolumeClaimRetentionPolicy.whenDeleted: Delete, PersistentVolumes, CustomResourceDefinitions, OverseerApps, GitRepositories, Namespaces with other contents, and what the kept objects may need, such as the ServiceAccount, RBAC and Secrets of a kept OverseerApp. DeleteAll deletes these too; for an OverseerApp, its own deletionPolicy applies. Orphan keeps all objects. Objects with an annotation that protects them are always kept. Defaults to Delete.",
        ),
      deletionHooks: z
        .enum(["Run", "Skip"])
        .default("Run")
        .describe(
          "Whether hooks of the phases PreDelete and PostDelete run when the app is deleted. Skip lets a deletion go on that a failed hook blocks. Defaults to Run.",
        ),
      notify: AppNotify.optional(),
      historyLimit: z
        .int()
        .min(1)
        .max(100)
        .default(10)
        .describe(
          "Number of Changes to keep that succeeded, and of those that failed. Of Changes that were superseded, rejected or only planned, at most 3 each are kept. Defaults to 10.",
        ),
      suspend: z
        .boolean()
        .default(false)
        .describe(
          "Suspend the app: no sync, no self-heal, no prune. Deleting a suspended app keeps all its objects. Defaults to false.",
        ),
      suspendUntil: z.iso
        .datetime()
        .optional()
        .describe(
          "End of the suspension, for example 2027-01-04T08:00:00Z. The app goes on by itself then: drift is shown for one minute before it is reverted. Defaults to none: suspended until suspend is false.",
        ),
      suspendReason: z
        .string()
        .max(256)
        .optional()
        .describe("Who suspended the app and why, shown in Ready while suspend is true."),
    })
    .describe("Source, destination and sync policy of the app."),
  [
    {
      rule: "!has(self.destination.overseer) || !has(self.serviceAccountName)",
      message:
        "serviceAccountName is only for destination.kubernetes: remove it; for an Overseer Core the token of destination.overseer.secretRef is used",
      fieldPath: ".serviceAccountName",
    },
    SUSPENSION_RULE,
    ...SOURCE_RULES,
  ],
);
export type OverseerAppSpec = z.infer<typeof OverseerAppSpec>;

/** Health of an app or object, from best to worst. */
export const HEALTH = ["Healthy", "Suspended", "Progressing", "Degraded", "Unknown"] as const;
export type HealthStatus = (typeof HEALTH)[number];

/** Reports whether nothing has to be waited for: a user has suspended what is `Suspended`, and waiting does not change that. */
export function isSettled(status: HealthStatus | undefined): boolean {
  return status === "Healthy" || status === "Suspended";
}

/** Status of an OverseerApp. */
export const OverseerAppStatus = z
  .object({
    observedGeneration,
    conditions: conditions(
      "Conditions of the app: Ready, Synced and Healthy, and, while they are True, Reconciling, Stalled, Drifted, Waiting, Contested, Limited, Paused, Pinned, BreakGlass, Terminating and BackupFailed.",
    ),
    applied: Inputs.optional().describe("Last applied inputs. Drift is reverted to these."),
    signature: z
      .string()
      .max(64)
      .optional()
      .describe(
        "Proves that the operator has written applied, pin and settings. In an Environment, others are ignored: nothing is reverted to them.",
      ),
    ledgerSignature: z
      .string()
      .max(64)
      .optional()
      .describe("Proves that the operator has written ledger. Others prove nothing to later Environments."),
    settings: AcceptedSettings.optional(),
    environments: governingEnvironments,
    shortRevision: z
      .string()
      .max(512)
      .optional()
      .describe("Applied revision with a 7-digit commit ID, as shown by kubectl get."),
    message: z
      .string()
      .max(256)
      .optional()
      .describe("Message of the condition Waiting, or else of Ready, as shown by kubectl get."),
    pin: Pin.optional(),
    ledger: Ledger.optional(),
    promotion: PromotionStatus.optional(),
    attempted: Inputs.optional().describe("Last attempted inputs. Unset if they are the applied ones."),
    health: z.enum(HEALTH).optional().describe("Worst health of all objects. Suspended objects delay no Change."),
    counts: z
      .object({
        objects: z.int().min(0).describe("Number of objects in the desired state."),
        healthy: z.int().min(0).describe("Number of these that are healthy."),
      })
      .optional()
      .describe("Number of objects."),
    problems: atomicList(
      z
        .object({
          object: z.string().max(512).describe("The object, for example Deployment shop/web."),
          message: z.string().max(1024).describe("Why the object is unhealthy."),
        })
        .describe("An unhealthy object."),
      5,
      "Objects with the worst health.",
    ).optional(),
    ...notesFields,
    kinds: atomicList(
      z.string().max(512),
      256,
      "Kinds of the app's current and former objects, as version.group/Kind. Recorded before the first object of a kind is created.",
    ).optional(),
    finished: atomicList(
      FinishedObject,
      MAX_FINISHED,
      "Finished objects with a time to live, such as Jobs with ttlSecondsAfterFinished. They run once per version of their document and are not re-created after they expire.",
    ).optional(),
    finishedDigests: atomicList(
      z
        .string()
        .max(17)
        .regex(/^[0-9a-f]{16}[FS]$/),
      MAX_FINISHED_DIGESTS,
      "Further finished objects, as digests of key and hash, each followed by F (Failed) or S (Succeeded).",
    ).optional(),
    change: localRef("Current Change, or else the last one.").optional(),
    deletion: DeletionHooks.optional(),
    commitStatus: ReportedCommitStatus.optional(),
    changes: z.int().min(0).optional().describe("Number of the last Change."),
    failures: z.int().min(0).optional().describe("Number of consecutive failures of the attempted inputs."),
    nextRetryTime: z.iso.datetime().optional().describe("Time of the next retry."),
    lastHandledReconcileAt,
  })
  .describe("Observed state of the app. Written by the operator.");
export type OverseerAppStatus = z.infer<typeof OverseerAppStatus>;

/** An app: documents at a path of a Git repository, kept in sync with a destination. */
export type OverseerApp = CustomResource<OverseerAppSpec, OverseerAppStatus>;
