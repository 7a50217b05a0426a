import type { z } from "zod";
import { OverseerAppSetSpec, OverseerAppSetStatus } from "./app-set.js";
import { ApprovalSpec, ApprovalStatus } from "./approval.js";
import { ChangeSpec, ChangeStatus } from "./change.js";
import { EnvironmentSpec, EnvironmentStatus } from "./environment.js";
import type { CelRule } from "./fields.js";
import { GitRepositorySpec, GitRepositoryStatus } from "./git-repository.js";
import { NotificationChannelSpec, NotificationChannelStatus } from "./notification-channel.js";
import { OverseerAppSpec, OverseerAppStatus } from "./overseer-app.js";
import { AGE, MESSAGE, type PrinterColumn, READY_MESSAGE, REVISION, ready } from "./printer-columns.js";

export type { PrinterColumn } from "./printer-columns.js";

/** Input of the generator for one CustomResourceDefinition. */
export interface ResourceDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly PrinterColumn[];
  /** CEL rules on the whole object. */
  readonly rules: readonly CelRule[];
  /** Fields that `kubectl get --field-selector` may use. */
  readonly selectableFields: readonly string[];
}

/** GitRepository: a Git repository that apps read documents from. */
export const GIT_REPOSITORY: ResourceDefinition = {
  kind: "GitRepository",
  plural: "gitrepositories",
  singular: "gitrepository",
  shortNames: ["orepo"],
  scope: "Namespaced",
  description: "A Git repository that OverseerApps read their documents from.",
  spec: GitRepositorySpec,
  status: GitRepositoryStatus,
  columns: [
    ready(),
    REVISION,
    MESSAGE,
    AGE,
    { name: "URL", type: "string", jsonPath: ".spec.url", description: "URL of the repository.", priority: 1 },
    {
      name: "Commit",
      type: "string",
      jsonPath: ".status.commit.id",
      description: "Commit of the revision in use.",
      priority: 1,
    },
    {
      name: "Fetched",
      type: "date",
      jsonPath: ".status.lastFetchTime",
      description: "Time at which the revision in use was fetched.",
      priority: 1,
    },
  ],
  rules: [],
  selectableFields: [],
};

/** OverseerApp: documents at a path of a repository, kept in sync with a destination. */
export const OVERSEER_APP: ResourceDefinition = {
  kind: "OverseerApp",
  plural: "overseerapps",
  singular: "overseerapp",
  shortNames: ["oapp"],
  scope: "Namespaced",
  description: "An app: documents at a path of a Git repository, kept in sync with a destination.",
  spec: OverseerAppSpec,
  status: OverseerAppStatus,
  columns: [
    {
      name: "Synced",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Synced")].status',
      description: "Whether live objects match the latest revision.",
    },
    { name: "Health", type: "string", jsonPath: ".status.health", description: "Worst health of all objects." },
    ready(),
    REVISION,
    MESSAGE,
    AGE,
    {
      name: "Objects",
      type: "integer",
      jsonPath: ".status.counts.objects",
      description: "Number of objects in the desired state.",
      priority: 1,
    },
    {
      name: "Change",
      type: "string",
      jsonPath: ".status.change.name",
      description: "Current Change, or else the last one.",
      priority: 1,
    },
    {
      name: "Repository",
      type: "string",
      jsonPath: ".spec.source.repositoryRef.name",
      description: "Name of the GitRepository.",
      priority: 1,
    },
    {
      name: "Path",
      type: "string",
      jsonPath: ".spec.source.path",
      description: "Path in the repository.",
      priority: 1,
    },
    {
      name: "Commit",
      type: "string",
      jsonPath: ".status.applied.commit",
      description: "Last applied commit.",
      priority: 1,
    },
  ],
  rules: [
    {
      rule: "self.metadata.name.size() <= 53",
      message: "the name of an OverseerApp must be no more than 53 characters",
    },
    {
      rule: "!has(self.spec.dependsOn) || self.spec.dependsOn.all(other, other.name != self.metadata.name || has(other.namespace))",
      message: "an OverseerApp cannot depend on itself: remove its name from spec.dependsOn",
    },
  ],
  selectableFields: [".spec.source.repositoryRef.name"],
};

/** Change: one planned sync of an app. */
export const CHANGE: ResourceDefinition = {
  kind: "Change",
  plural: "changes",
  singular: "change",
  shortNames: ["ochange"],
  scope: "Namespaced",
  description: "One sync of an app to one set of inputs: its plan, its gates and its result. Created by the operator.",
  spec: ChangeSpec,
  status: ChangeStatus,
  columns: [
    { name: "App", type: "string", jsonPath: ".spec.app.name", description: "App that the Change belongs to." },
    { name: "Cause", type: "string", jsonPath: ".spec.cause", description: "Cause of the Change." },
    {
      name: "Plan",
      type: "string",
      jsonPath: ".status.summary",
      description: "Numbers of created, updated and deleted objects.",
    },
    { name: "Phase", type: "string", jsonPath: ".status.phase", description: "Phase of the Change." },
    { ...READY_MESSAGE, description: "Message of the condition Ready." },
    AGE,
    {
      name: "Attempts",
      type: "integer",
      jsonPath: ".status.attempts",
      description: "Number of attempts.",
      priority: 1,
    },
    {
      name: "Revision",
      type: "string",
      jsonPath: ".spec.inputs.revision",
      description: "Revision to apply.",
      priority: 1,
    },
  ],
  rules: [],
  selectableFields: [".spec.app.name"],
};

/** Approval: the decision of a user about a Change. */
export const APPROVAL: ResourceDefinition = {
  kind: "Approval",
  plural: "approvals",
  singular: "approval",
  shortNames: ["oapproval"],
  scope: "Namespaced",
  description: "The decision of a user about the plan of a Change. Deleted by the operator together with the Change.",
  spec: ApprovalSpec,
  status: ApprovalStatus,
  columns: [
    { name: "App", type: "string", jsonPath: ".spec.app.name", description: "App of the Change." },
    { name: "Change", type: "string", jsonPath: ".spec.change.name", description: "Name of the Change." },
    { name: "Decision", type: "string", jsonPath: ".spec.decision", description: "Approve, Reject or Withdraw." },
    { name: "Approver", type: "string", jsonPath: ".spec.approver", description: "User who has decided." },
    {
      name: "State",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: "Counted, Stale or NotEligible.",
    },
    AGE,
    {
      name: "Message",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: "Why the decision counts or not.",
      priority: 1,
    },
    { name: "Comment", type: "string", jsonPath: ".spec.comment", description: "Comment of the user.", priority: 1 },
  ],
  rules: [],
  selectableFields: [".spec.app.name", ".spec.change.name"],
};

/** Environment: who may change what, and when, in a set of namespaces. */
export const ENVIRONMENT: ResourceDefinition = {
  kind: "Environment",
  plural: "environments",
  singular: "environment",
  shortNames: ["oenv"],
  scope: "Cluster",
  description:
    "Who may change what, and when, in a set of namespaces and destinations, for example prod. Written by administrators: authors of apps cannot weaken it.",
  spec: EnvironmentSpec,
  status: EnvironmentStatus,
  columns: [
    ready(),
    {
      name: "Apps",
      type: "integer",
      jsonPath: ".status.governs.apps",
      description: "Number of OverseerApps that it governs.",
    },
    READY_MESSAGE,
    AGE,
  ],
  rules: [],
  selectableFields: [],
};

/** NotificationChannel: where messages about apps are sent. */
export const NOTIFICATION_CHANNEL: ResourceDefinition = {
  ...{ kind: "NotificationChannel", plural: "notificationchannels", singular: "notificationchannel" },
  shortNames: ["ochannel"],
  scope: "Namespaced",
  description: "A chat, mailbox or other service that messages about OverseerApps are sent to.",
  spec: NotificationChannelSpec,
  status: NotificationChannelStatus,
  columns: [
    ready(),
    { name: "Sent", type: "date", jsonPath: ".status.lastSentTime", description: "Time of the last message." },
    READY_MESSAGE,
    AGE,
  ],
  rules: [],
  selectableFields: [],
};

/** OverseerAppSet: many apps from one template. */
export const OVERSEER_APP_SET: ResourceDefinition = {
  kind: "OverseerAppSet",
  plural: "overseerappsets",
  singular: "overseerappset",
  shortNames: ["oappset"],
  scope: "Namespaced",
  description:
    "Many OverseerApps from one template: one for each folder or file of a Git repository, each cluster, or each item of a list.",
  spec: OverseerAppSetSpec,
  status: OverseerAppSetStatus,
  columns: [
    ready(),
    {
      name: "Apps",
      type: "integer",
      jsonPath: ".status.counts.apps",
      description: "Number of OverseerApps of the set.",
    },
    MESSAGE,
    AGE,
  ],
  rules: [
    {
      rule: "self.metadata.name.size() <= 63",
      message: "the name of an OverseerAppSet must be no more than 63 characters",
    },
  ],
  selectableFields: [],
};

/** All custom resources. */
export const RESOURCES: readonly ResourceDefinition[] = [
  GIT_REPOSITORY,
  OVERSEER_APP,
  CHANGE,
  APPROVAL,
  ENVIRONMENT,
  NOTIFICATION_CHANNEL,
  OVERSEER_APP_SET,
];
