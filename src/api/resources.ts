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
  description: "Why.",
};

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
    { name: "URL", type: "string", jsonPath: ".spec.url", description: "Where the repository is.", priority: 1 },
    ready(),
    { name: "Revision", type: "string", jsonPath: ".status.revision", description: "The revision in use." },
    readyMessage,
    AGE,
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
    {
      name: "Revision",
      type: "string",
      jsonPath: ".status.applied.revision",
      description: "The revision that live was brought to.",
    },
    readyMessage,
    AGE,
    {
      name: "Objects",
      type: "integer",
      jsonPath: ".status.counts.objects",
      description: "Objects that Git wants.",
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
    { name: "Waiting for", type: "string", jsonPath: ".status.waitingFor", description: "What it waits for." },
    AGE,
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
