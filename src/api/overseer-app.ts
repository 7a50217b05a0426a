import { z } from "zod";
import { atomicList, atomicMap, duration, localRef, namespaceName, objectName, withRules } from "./fields.js";
import { AppSource, Inputs } from "./inputs.js";
import type { CustomResource } from "./meta.js";
import { notesFields } from "./notes.js";
import { conditions, lastHandledReconcileAt, observedGeneration } from "./status-fields.js";

/** Where an app goes. */
export const Destination = withRules(
  z
    .object({
      kubernetes: z
        .object({
          namespace: namespaceName(
            "Namespace of namespaced documents that do not set metadata.namespace. Defaults to the namespace of the app.",
          ).optional(),
          kubeConfigSecretRef: atomicMap(
            z
              .object({
                name: objectName("Name of the Secret, in the app's own namespace."),
                key: z
                  .string()
                  .min(1)
                  .max(253)
                  .regex(/^[-._a-zA-Z0-9]+$/)
                  .optional()
                  .describe("Key of the Secret that holds the kubeconfig. Defaults to value, then value.yaml."),
              })
              .describe(
                "Secret with a kubeconfig: the app goes to that cluster, with the rights of the user in it; with serviceAccountName, with those of that ServiceAccount there. It holds all that it needs: address, certificates, a token or client certificate; no paths, programs or proxies.",
              ),
          ).optional(),
        })
        .optional()
        .describe(
          "A cluster, by server-side apply: this one, or with kubeConfigSecretRef another one. {} is this cluster and the app's own namespace.",
        ),
      overseer: z
        .object({
          url: withRules(
            z
              .string()
              .min(1)
              .max(2048)
              .describe(
                "Address of the Core: https://…; http:// only on this machine. Without user name and password.",
              ),
            [
              {
                rule: "isURL(self) && url(self).getHostname() != '' && !self.matches('^[a-z]+://[^/?#]*@')",
                message: "url must be a complete address without user name and password, like https://core.example.com",
              },
              {
                rule: "self.startsWith('https://') || self.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])([:/]|$)')",
                message: "url must begin with https://: the token is never sent over http:// to another machine",
              },
            ],
          ),
          secretRef: localRef("Secret with the key token (and ca.crt, if the Core's certificate needs it)."),
          caSecretRef: localRef("Another Secret with the key ca.crt.").optional(),
          interval: duration(
            "How long a Core may hold back its answer to what is new; how often one is read that cannot.",
            "30s",
            "1s",
          ),
        })
        .optional()
        .describe("An Overseer Core, over its REST API. It takes overseer.io/v1 documents."),
    })
    .describe("Where the app goes. It cannot be changed later: make a new app to move."),
  [
    {
      rule: "has(self.kubernetes) != has(self.overseer)",
      message:
        "destination must name one place where the app goes: set destination.kubernetes ({} for this cluster and the app's own namespace) or destination.overseer",
    },
    {
      rule: "self == oldSelf",
      message:
        "destination cannot be changed: make a new app and delete this one (deletionPolicy Orphan keeps what runs)",
    },
  ],
);
export type Destination = z.infer<typeof Destination>;

/** How live is brought to what Git says. */
export const SyncPolicy = z
  .object({
    selfHeal: z.boolean().default(true).describe("Put back what others change on live objects. Off: report it."),
    prune: z
      .boolean()
      .default(true)
      .describe(
        "Delete objects that leave Git. Namespaces, PersistentVolumes, PersistentVolumeClaims, CustomResourceDefinitions, OverseerApps and GitRepositories are deleted only after a person has confirmed it on the object: the change waits until then.",
      ),
    pruneBudget: z
      .union([
        z.int().min(0),
        z
          .string()
          .max(8)
          .regex(/^([0-9]+|[0-9]+%)$/),
      ])
      .optional()
      .describe(
        "How many objects one change may delete before it waits: a count, or a share like 25% of the app's objects. Left out: the larger of 3 objects and 25%.",
      ),
    allowEmpty: z
      .boolean()
      .default(false)
      .describe(
        "Take a source without any document for what is meant: it deletes all objects. Otherwise such a source is an error (NoDocuments), also of an app that has no object yet.",
      ),
    adopt: z
      .enum(["Unowned", "Always", "Never"])
      .default("Unowned")
      .describe(
        "What to do with an object that exists already: Unowned takes it unless Argo CD, Flux, Helm or another app manages it (on an Overseer Core it takes nothing, since there people make what no app made); Always takes it from anything but another app; Never refuses.",
      ),
    retry: withRules(
      z
        .object({
          base: duration("Delay after the first failure; it doubles with each further one.", "5s", "100ms"),
          max: duration("Longest delay.", "5m", "100ms"),
        })
        .describe("When a failed change is tried again. It is tried for ever; newer commits are taken at once."),
      [
        {
          rule: "!has(self.base) || !has(self.max) || duration(self.base) <= duration(self.max)",
          message: "base must not be longer than max",
          fieldPath: ".base",
        },
      ],
    ).prefault({}),
  })
  .describe("How live objects are brought to what Git says.");
export type SyncPolicy = z.infer<typeof SyncPolicy>;

/** What a user asks of an app. */
export const OverseerAppSpec = withRules(
  z
    .object({
      source: AppSource,
      destination: Destination,
      serviceAccountName: objectName(
        "ServiceAccount, in the app's namespace, whose rights every write of this app uses. May be left out only in the operator's trusted namespaces, and with kubeConfigSecretRef.",
      ).optional(),
      sync: SyncPolicy.prefault({}),
      health: z
        .object({ timeout: duration("How long after a change the objects may take to become healthy.", "5m", "1s") })
        .describe("When a change counts as failed although it was applied.")
        .prefault({}),
      deletionPolicy: z
        .enum(["Delete", "DeleteAll", "Orphan"])
        .default("Delete")
        .describe(
          "What happens to the objects when this app is deleted. Delete keeps PersistentVolumeClaims, PersistentVolumes, CustomResourceDefinitions, OverseerApps, GitRepositories, Namespaces that hold anything else, and what kept objects may need, such as the ServiceAccount, rights and Secrets of a kept OverseerApp; DeleteAll deletes these too, and with an OverseerApp all that its own deletionPolicy deletes; Orphan keeps all. Objects with an annotation that keeps them stay in each case.",
        ),
      historyLimit: z.int().min(1).max(100).default(10).describe("How many finished Changes to keep."),
      suspend: z
        .boolean()
        .default(false)
        .describe("Do nothing for this app: no sync, no healing, no prune; its deletion then deletes nothing."),
    })
    .describe("What to take from Git, where to bring it, and how."),
  [
    {
      rule: "!has(self.destination.overseer) || !has(self.serviceAccountName)",
      message:
        "serviceAccountName is for destination.kubernetes: at an Overseer Core the token of destination.overseer.secretRef decides",
      fieldPath: ".serviceAccountName",
    },
    {
      rule: "has(self.destination.overseer) || !has(self.source.env)",
      message: "source.env is for destination.overseer: Kubernetes manifests are applied as they are",
      fieldPath: ".source.env",
    },
  ],
);
export type OverseerAppSpec = z.infer<typeof OverseerAppSpec>;

/** Health of an app or object, from best to worst. */
export const HEALTH = ["Healthy", "Progressing", "Degraded", "Unknown"] as const;
export type HealthStatus = (typeof HEALTH)[number];

/** The end of an object that runs to an end and is deleted by its own time to live. */
export const FinishedObject = z
  .object({
    key: z.string().max(768).describe("Group, kind, namespace and name of the object."),
    hash: z.string().max(64).describe("Hash of the version of its document that has run."),
    result: z.enum(["Succeeded", "Failed"]).describe("How it ended."),
    expires: z.iso.datetime().optional().describe("When its time to live is over."),
  })
  .describe("An object that has run to its end.");
export type FinishedObject = z.infer<typeof FinishedObject>;

/** Most ends that a status holds. */
export const MAX_FINISHED = 200;

/** What the operator says of an app. */
export const OverseerAppStatus = z
  .object({
    observedGeneration,
    conditions: conditions(
      "Ready, Synced, Healthy; while they hold: Reconciling, Stalled, Drifted, Waiting, Contested, Limited, Paused, Terminating.",
    ),
    applied: Inputs.optional().describe("The inputs that live was last brought to. Healing goes back to these."),
    shortRevision: z
      .string()
      .max(512)
      .optional()
      .describe("The revision of applied with 7 digits of its commit, for the columns of kubectl get."),
    message: z
      .string()
      .max(256)
      .optional()
      .describe("What the app waits for, what is in the way, or that all is well, for the columns of kubectl get."),
    attempted: Inputs.optional().describe("The newest inputs that were tried, where they are not the applied ones."),
    health: z.enum(HEALTH).optional().describe("The worst health among the objects."),
    counts: z
      .object({
        objects: z.int().min(0).describe("Objects that Git wants."),
        healthy: z.int().min(0).describe("Of these, the healthy ones."),
      })
      .optional()
      .describe("Objects in numbers."),
    problems: atomicList(
      z
        .object({
          object: z.string().max(512).describe("Which object, like Deployment shop/web."),
          message: z.string().max(1024).describe("What is wrong with it."),
        })
        .describe("An object that is not well."),
      5,
      "The worst few objects, and why.",
    ).optional(),
    ...notesFields,
    kinds: atomicList(
      z.string().max(512),
      256,
      "Kinds of objects that this app has or had, as version.group/Kind: written before the first object of a kind is made.",
    ).optional(),
    finished: atomicList(
      FinishedObject,
      MAX_FINISHED,
      "Finished Jobs and other objects with a time to live. Each runs once per version of its document and is not re-created after its TTL expires.",
    ).optional(),
    change: localRef("The Change under way, or the last one.").optional(),
    changes: z.int().min(0).optional().describe("How many Changes this app has had: the number of the last one."),
    failures: z.int().min(0).optional().describe("Failed tries of the attempted inputs in a row."),
    nextRetryTime: z.iso.datetime().optional().describe("When the failed change is tried again."),
    lastHandledReconcileAt,
  })
  .describe("Where the app stands.");
export type OverseerAppStatus = z.infer<typeof OverseerAppStatus>;

/** An app: a path in a repository, and where it goes. */
export type OverseerApp = CustomResource<OverseerAppSpec, OverseerAppStatus>;
