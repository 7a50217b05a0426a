import { z } from "zod";
import { DURATION_PATTERN } from "../base/duration.js";
import { EnvironmentGates, EnvironmentLimits, Freeze } from "./environment-gates.js";
import { atomicList, mapList, namespaceName, objectName, withRules } from "./fields.js";
import { Identity } from "./identities.js";
import type { CustomResource } from "./meta.js";
import { conditions, observedGeneration } from "./status-fields.js";
import { PruneBudget, SyncWindow } from "./sync-policy.js";

/** Maximum number of namespaces and claims of one Environment. */
const MAX_PLACES = 200;

/** A namespace whose apps belong to an Environment. */
const EnvironmentNamespace = z
  .object({
    name: namespaceName("Name of the namespace. Apps in it belong to the Environment."),
    from: namespaceName(
      "Namespace that this one is promoted from. It must belong to an Environment in promotesFrom.",
    ).optional(),
  })
  .describe("A namespace of the Environment.");

/** A place that only apps of an Environment may write to. */
export const Claim = withRules(
  z
    .object({
      cluster: z
        .string()
        .min(1)
        .max(2048)
        .optional()
        .describe("URL of the API server of a remote cluster, as in kubeconfigs. Defaults to the local cluster."),
      namespaces: atomicList(
        z
          .string()
          .min(1)
          .max(63)
          .regex(/^([*]|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$/),
        MAX_PLACES,
        "Namespaces of the cluster. * claims the whole cluster, objects without a namespace included.",
      ).optional(),
      clusterObjects: z
        .boolean()
        .optional()
        .describe(
          "Also claim the objects of the cluster that have no namespace, for example ClusterRoles. Defaults to false. If they are not claimed, a Change with such an object requires the approvals of every Environment that has namespaces in the cluster.",
        ),
      core: z.string().min(1).max(2048).optional().describe("URL of an Overseer Core. Claims all of it."),
    })
    .describe("A destination that only apps of the Environment may write to: namespaces of a cluster, or a Core."),
  [
    {
      rule: "has(self.core) != (has(self.namespaces) || has(self.clusterObjects))",
      message: "a claim requires either core, or namespaces or clusterObjects",
    },
    {
      rule: "!has(self.core) || !has(self.cluster)",
      message: "a core is not in a cluster: remove cluster from the claim",
      fieldPath: ".cluster",
    },
  ],
);
export type Claim = z.infer<typeof Claim>;

/** Apps of one repository that are promoted together. */
const PromotionGroup = z
  .object({
    name: objectName("Name of the group, for messages."),
    apps: atomicList(
      z
        .object({
          name: objectName("Name of the OverseerApp."),
          namespace: namespaceName(
            "Namespace of the OverseerApp in this Environment. Defaults to that of each app of the group.",
          ).optional(),
        })
        .describe("An app of the group."),
      50,
      "Apps of the group, by exact names, so that no author of an app can join it.",
    ),
  })
  .describe("Apps that are promoted together.");

/** How revisions come from an earlier Environment. */
const Promotion = withRules(
  z
    .object({
      compare: z
        .enum(["Commit", "Images"])
        .default("Commit")
        .describe(
          "What must have been healthy in the earlier Environment: Commit, the inputs of the commit; Images, the images and chart versions that are new in the plan, for repositories with a directory per Environment. Defaults to Commit.",
        ),
      soak: withRules(z.string().max(32).regex(new RegExp(DURATION_PATTERN)), [
        { rule: "duration(self) >= duration('1s')", message: "must not be shorter than 1s" },
        { rule: "duration(self) <= duration('8784h')", message: "must not be longer than 8784h" },
      ])
        .optional()
        .describe(
          "How long the inputs must have been healthy in the earlier Environment. A duration such as 30m or 24h. Defaults to none: healthy once suffices.",
        ),
      soakMode: z
        .enum(["SinceFirstHealthy", "Continuous"])
        .default("SinceFirstHealthy")
        .describe(
          "SinceFirstHealthy counts from the time at which the inputs were first healthy, if neither they nor later ones failed there since. Continuous requires that they stayed applied for that long. Defaults to SinceFirstHealthy.",
        ),
      ownChanges: z
        .enum(["Allow", "Ask"])
        .default("Allow")
        .describe(
          "What a Change brings that no earlier Environment has tested: with compare Images, differences of documents in more than images and the labels of chart versions; with compare Commit, commits that have changed nothing there, and changes of the values of the app. Allow applies it; Ask requires an approval, by the rule of gates.approval, or else of one user. With compare Commit, an edit of spec.source of an app that the earlier Environments have not tested always requires it. Defaults to Allow.",
        ),
      auto: z
        .boolean()
        .default(true)
        .describe("Promote eligible revisions without a request of a user. Defaults to true."),
      pullRequests: z
        .boolean()
        .optional()
        .describe(
          "Open a pull request in the repository of an app that carries the images and chart versions that the earlier Environments have tested to the files of the app: one per app, which is updated, and closed when it is out of date. Requires compare Images, and spec.provider.pullRequests of the GitRepository. Defaults to false.",
        ),
      groups: mapList(
        PromotionGroup,
        ["name"],
        50,
        "Apps of one repository that belong together: a commit is taken only if each app of the group has run it in the earlier Environments for the soak, and if it has not failed in this one for another app of the group. Requires compare Commit.",
      ).optional(),
    })
    .describe("How revisions come from the Environments in promotesFrom."),
  [
    {
      rule: "!has(self.groups) || self.compare == 'Commit'",
      message: "groups requires compare: Commit, since images are compared for each app by itself",
      fieldPath: ".groups",
    },
    {
      rule: "!has(self.pullRequests) || !self.pullRequests || self.compare == 'Images'",
      message: "pullRequests requires compare: Images, since commits need no pull request",
      fieldPath: ".pullRequests",
    },
  ],
);

/** Spec of an Environment. */
export const EnvironmentSpec = withRules(
  z
    .object({
      namespaces: mapList(
        EnvironmentNamespace,
        ["name"],
        MAX_PLACES,
        "Namespaces whose apps belong to the Environment. In the local cluster, they are claimed as well. A namespace may belong to several Environments: then all of them must permit a Change.",
      ).optional(),
      claims: atomicList(
        Claim,
        MAX_PLACES,
        "Further destinations that only apps of this Environment may write to.",
      ).optional(),
      promotesFrom: atomicList(
        objectName("Name of an Environment."),
        10,
        "Environments in which a revision must have proven itself before it is applied in this one.",
      ).optional(),
      promotion: Promotion.optional(),
      gates: EnvironmentGates.optional(),
      identities: atomicList(
        Identity,
        500,
        "Persons, so that one with several user names counts once, and so that gates.approval.forbidAuthor knows the users of accounts and keys.",
      ).optional(),
      limits: EnvironmentLimits.optional(),
      windows: atomicList(
        SyncWindow,
        10,
        "Periods in which syncs are allowed or denied, in addition to those of each app. Drift is reverted at any time.",
      ).optional(),
      freeze: Freeze.optional(),
      pruneBudget: PruneBudget.optional().describe(
        "Maximum number of objects that one Change may delete without approval, as a number or as a percentage of the app's objects. The smaller one of this and sync.pruneBudget of the app counts, also with sync.allowEmpty.",
      ),
      repositories: atomicList(
        z.string().min(1).max(512),
        100,
        "URLs of the Git repositories that apps may use, those of remote bases and submodules included. * stands for any text without .., for example https://git.example.com/shop/*. Defaults to all.",
      ).optional(),
    })
    .describe("Who may change what, and when, in a set of namespaces and destinations."),
  [
    {
      rule: "!has(self.promotion) || has(self.promotesFrom)",
      message: "promotion requires promotesFrom",
      fieldPath: ".promotion",
    },
    {
      rule: "!has(self.gates) || !has(self.gates.approval) || !has(self.gates.approval.forbidAuthor) || !self.gates.approval.forbidAuthor || has(self.identities)",
      message:
        "gates.approval.forbidAuthor requires identities: without them no author is known, and no approval would count",
      fieldPath: ".gates",
    },
    {
      rule: "!has(self.namespaces) || has(self.promotesFrom) || self.namespaces.all(one, !has(one.from))",
      message: "namespaces[].from requires promotesFrom",
      fieldPath: ".namespaces",
    },
  ],
);
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>;

/** Status of an Environment. */
export const EnvironmentStatus = z
  .object({
    observedGeneration,
    conditions: conditions("Conditions of the Environment: Ready and PoliciesInForce, and, while it is True, Stalled."),
    governs: z
      .object({
        namespaces: z.int().min(0).describe("Number of namespaces."),
        apps: z
          .int()
          .min(0)
          .optional()
          .describe("Number of OverseerApps in these namespaces. Unset if another shard manages one of them."),
      })
      .optional()
      .describe("What the Environment governs."),
    window: z
      .object({
        open: z.boolean().describe("Whether syncs are permitted now."),
        reason: z.string().max(1024).optional().describe("Why syncs are not permitted."),
        nextOpen: z.iso.datetime().optional().describe("Time at which syncs are permitted again, if known."),
      })
      .optional()
      .describe("State of windows and freeze. Unset if there are none."),
  })
  .describe("Observed state of the Environment. Written by the operator.");
export type EnvironmentStatus = z.infer<typeof EnvironmentStatus>;

/** Who may change what, and when, in a set of namespaces. Cluster-scoped: `metadata.namespace` is not set. */
export type Environment = CustomResource<EnvironmentSpec, EnvironmentStatus>;
