import type { BadSpec } from "./crd-cases.js";
import { ONE_REF, PREFIX_ALONE } from "./crd-cases-git.js";

const FOLDERS = { repositoryRef: { name: "shop" }, folders: ["apps/*"] };
const FILES = { repositoryRef: { name: "shop" }, files: ["apps/*.yaml"] };
const LIST = { list: { elements: [{ name: "a" }] } };

/** Bad generators: `field` and `generator` of each, with what the refusal says. */
const BAD_GENERATORS: readonly (readonly [field: string, generator: object, message: string])[] = [
  [".gitFolders.ref", { gitFolders: { ...FOLDERS, ref: { branch: "a", tag: "b" } } }, ONE_REF],
  [".gitFolders.ref", { gitFolders: { ...FOLDERS, ref: { tag: "a", semverPrefix: "b-" } } }, PREFIX_ALONE],
  [".gitFiles.ref", { gitFiles: { ...FILES, ref: { branch: "a", tag: "b" } } }, ONE_REF],
  [".gitFiles.ref", { gitFiles: { ...FILES, ref: { tag: "a", semverPrefix: "b-" } } }, PREFIX_ALONE],
  [
    ".clusters.selector",
    { clusters: { selector: {} } },
    "selector must require a label, so that it does not select every Secret: set matchLabels",
  ],
  [
    ".clusters.selector.matchExpressions",
    { clusters: { selector: { matchLabels: { a: "b" }, matchExpressions: [{ key: "c", operator: "In" }] } } },
    "In and NotIn require values, Exists and DoesNotExist must have none",
  ],
];

/** The least that a user has to write of a set. */
export const validAppSet = {
  generators: [LIST],
  template: {
    metadata: { name: "{{ .name }}" },
    spec: { source: { repositoryRef: { name: "shop" } }, destination: { kubernetes: {} } },
  },
};

/** Bad specs of OverseerAppSets. */
export const badAppSetSpecs: readonly BadSpec[] = [
  {
    kind: "OverseerAppSet",
    set: {},
    name: `a${"b".repeat(63)}`,
    field: "OverseerAppSet",
    message: "the name of an OverseerAppSet must be no more than 63 characters",
  },
  {
    kind: "OverseerAppSet",
    set: { generators: [{ ...LIST, gitFolders: FOLDERS }] },
    field: "spec.generators[0]",
    message: "exactly one of list, gitFolders, gitFiles, clusters and matrix must be set",
  },
  {
    kind: "OverseerAppSet",
    set: { generators: [{ matrix: { generators: [LIST, LIST] }, as: "x" }] },
    field: "spec.generators[0].as",
    message: "as belongs to the generators of the matrix",
  },
  {
    kind: "OverseerAppSet",
    set: { generators: [{ matrix: { generators: [LIST, {}] } }] },
    field: "spec.generators[0].matrix.generators[1]",
    message: "exactly one of list, gitFolders, gitFiles and clusters must be set",
  },
  ...BAD_GENERATORS.flatMap(([field, generator, message]): BadSpec[] => [
    { kind: "OverseerAppSet", set: { generators: [generator] }, field: `spec.generators[0]${field}`, message },
    {
      kind: "OverseerAppSet",
      set: { generators: [{ matrix: { generators: [generator, LIST] } }] },
      field: `spec.generators[0].matrix.generators[0]${field}`,
      message,
    },
  ]),
];
