import type { z } from "zod";
import { ChangeSpec, ChangeStatus } from "./change.js";
import type { CelRule } from "./fields.js";
import { GitRepositorySpec, GitRepositoryStatus } from "./git-repository.js";
import { OverseerAppSpec, OverseerAppStatus } from "./overseer-app.js";

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
  /** 1 shows the column only with `-o wide`. */
  readonly priority?: number;
}

/** All that a CustomResourceDefinition is generated from. */
export interface ResourceDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly PrinterColumn[];
  /** CEL rules on the whole object. */
  readonly rules: readonly CelRule[];
  /** Fields that `kubectl get --field-selector` may use. */
  readonly selectableFields: readonly string[];
}

const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "How old it is.",
};
const ready = (priority?: number): PrinterColumn => ({
  name: "Ready",
  type: "string",
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
  description: "Whether all is well.",
  ...(priority ? { priority } : {}),
});
const readyMessage: PrinterColumn = {
  name: "Message",
  type: "string",
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  description: "What is in the way, what is waited for, or that all is well.",
};

const REVISION: PrinterColumn = {
  name: "Revision",
  type: "string",
  jsonPath: ".status.shortRevision",
  description: "Revision in use, with 7 digits of its commit; -o wide shows all of them.",
};

const MESSAGE: PrinterColumn = { ...readyMessage, jsonPath: ".status.message" };

/** GitRepository: a repository that apps take documents from. */
export const GIT_REPOSITORY: ResourceDefinition = {
  kind: "GitRepository",
  plural: "gitrepositories",
  singular: "gitrepository",
  shortNames: ["orepo"],
  description: "A Git repository that apps take their documents from.",
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
      description: "When the revision in use was fetched.",
      priority: 1,
    },
  ],
  rules: [],
  selectableFields: [],
};

/** OverseerApp: a path in a repository, brought to a destination. */
export const OVERSEER_APP: ResourceDefinition = {
  kind: "OverseerApp",
  plural: "overseerapps",
  singular: "overseerapp",
  shortNames: ["oapp"],
  description: "An app: documents at a path of a Git repository, kept live at a destination.",
  spec: OverseerAppSpec,
  status: OverseerAppStatus,
  columns: [
    {
      name: "Synced",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Synced")].status',
      description: "Whether live is what Git says.",
    },
    { name: "Health", type: "string", jsonPath: ".status.health", description: "The worst health among the objects." },
    ready(),
    REVISION,
    MESSAGE,
    AGE,
    {
      name: "Objects",
      type: "integer",
      jsonPath: ".status.counts.objects",
      description: "Objects that Git wants.",
      priority: 1,
    },
    {
      name: "Change",
      type: "string",
      jsonPath: ".status.change.name",
      description: "The Change under way, or the last one.",
      priority: 1,
    },
    {
      name: "Repository",
      type: "string",
      jsonPath: ".spec.source.repositoryRef.name",
      description: "Name of the GitRepository.",
      priority: 1,
    },
    { name: "Path", type: "string", jsonPath: ".spec.source.path", description: "Path in it.", priority: 1 },
    {
      name: "Commit",
      type: "string",
      jsonPath: ".status.applied.commit",
      description: "Commit that was last applied.",
      priority: 1,
    },
  ],
  rules: [
    { rule: "self.metadata.name.size() <= 53", message: "the name of an OverseerApp may have at most 53 characters" },
  ],
  selectableFields: [".spec.source.repositoryRef.name"],
};

/** Change: one planned step of one app. */
export const CHANGE: ResourceDefinition = {
  kind: "Change",
  plural: "changes",
  singular: "change",
  shortNames: ["ochange"],
  description:
    "One planned step of one app from what is live to one set of inputs: its plan, its gates, and how it went.",
  spec: ChangeSpec,
  status: ChangeStatus,
  columns: [
    { name: "App", type: "string", jsonPath: ".spec.app.name", description: "The app that changes." },
    { name: "Cause", type: "string", jsonPath: ".spec.cause", description: "Why." },
    { name: "Plan", type: "string", jsonPath: ".status.summary", description: "Created, updated and deleted objects." },
    { name: "Phase", type: "string", jsonPath: ".status.phase", description: "Where it stands." },
    { ...readyMessage, description: "What it waits for, what is in the way, or how it ended." },
    AGE,
    { name: "Attempts", type: "integer", jsonPath: ".status.attempts", description: "Number of tries.", priority: 1 },
    {
      name: "Revision",
      type: "string",
      jsonPath: ".spec.inputs.revision",
      description: "The revision it brings.",
      priority: 1,
    },
  ],
  rules: [],
  selectableFields: [".spec.app.name"],
};

/** Every custom resource of the product. */
export const RESOURCES: readonly ResourceDefinition[] = [GIT_REPOSITORY, OVERSEER_APP, CHANGE];
