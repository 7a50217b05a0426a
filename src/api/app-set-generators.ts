import { z } from "zod";
import { atomicList, atomicMap, namespaceName, objectName, withRules } from "./fields.js";
import { GitRef } from "./git-ref.js";

/** Maximum number of parameter sets that a list may hold. */
const MAX_ELEMENTS = 1000;

/** Object with fields of any kind. */
export const anyFields = () => z.unknown().meta({ type: "object", "x-kubernetes-preserve-unknown-fields": true });

const globs = (description: string) => atomicList(z.string().min(1).max(256), 64, description);

const repositoryRef = atomicMap(
  z
    .object({
      name: objectName("Name of the GitRepository."),
      namespace: namespaceName(
        "Namespace of the GitRepository. Defaults to the namespace of the set. In another namespace, its allowedNamespaces must include the namespace of the set.",
      ).optional(),
    })
    .describe("The GitRepository to read."),
);

const ListGenerator = z
  .object({
    elements: atomicList(
      anyFields().describe("Parameters of one app."),
      MAX_ELEMENTS,
      "One set of parameters for each app. Must not contain secrets.",
    ),
  })
  .describe("Apps from a fixed list.");

const GitFolders = z
  .object({
    repositoryRef,
    ref: GitRef.optional(),
    folders: globs(
      "Glob patterns of folders, relative to the root of the repository, for example apps/*. * and ? stay within a folder, ** crosses folders, {a,b} is either. Folders whose name begins with a dot are ignored.",
    ),
    exclude: globs(
      "Glob patterns of folders to leave out. A pattern excludes the folders in a matching folder as well.",
    ).optional(),
  })
  .describe(
    "One app for each matching folder of a Git repository. Parameters: path.path, path.basename, and path.segments, a list.",
  );
export type GitFolders = z.infer<typeof GitFolders>;

const GitFiles = z
  .object({
    repositoryRef,
    ref: GitRef.optional(),
    files: globs(
      "Glob patterns of YAML or JSON files, relative to the root of the repository, for example clusters/*/app.yaml.",
    ),
    exclude: globs("Glob patterns of files to leave out.").optional(),
  })
  .describe(
    "One app for each matching file of a Git repository, or for each item of a file that holds a list. Parameters: the fields of the file, and path.path, path.basename, path.segments (those of its folder) and path.filename.",
  );
export type GitFiles = z.infer<typeof GitFiles>;

const requirement = z
  .object({
    key: z.string().min(1).max(316).describe("Key of the label."),
    operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe("How the label is compared."),
    values: atomicList(z.string().max(63), 50, "Values, for In and NotIn.").optional(),
  })
  .describe("A requirement of a label.");

const LabelSelector = withRules(
  z
    .object({
      matchLabels: z
        .record(z.string(), z.string().max(63))
        .meta({ maxProperties: 20 })
        .optional()
        .describe("Labels with their values."),
      matchExpressions: atomicList(requirement, 20, "Requirements, all of which must be met.").optional(),
    })
    .describe("Labels of the Secrets."),
  [
    {
      rule: "(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.exists(one, one.operator in ['In', 'Exists']))",
      message: "selector must require a label, so that it does not select every Secret: set matchLabels",
    },
    {
      rule: "!has(self.matchExpressions) || self.matchExpressions.all(one, (one.operator in ['In', 'NotIn']) == (has(one.values) && one.values.size() > 0))",
      message: "In and NotIn require values, Exists and DoesNotExist must have none",
      fieldPath: ".matchExpressions",
    },
  ],
);
export type LabelSelector = z.infer<typeof LabelSelector>;

const Clusters = z
  .object({ selector: LabelSelector })
  .describe(
    "One app for each Secret with a kubeconfig, in the namespace of the set. Only names, labels and annotations of the Secrets are read. Parameters: name, metadata.labels, and metadata.annotations, with the annotations whose key begins with parameter.gitops.overseer.io/, without this prefix.",
  );
export type Clusters = z.infer<typeof Clusters>;

const simple = {
  list: ListGenerator.optional(),
  gitFolders: GitFolders.optional(),
  gitFiles: GitFiles.optional(),
  clusters: Clusters.optional(),
  as: z
    .string()
    .max(64)
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .optional()
    .describe(
      "Name under which the parameters are found: with as: infra, path.basename becomes infra.path.basename. Required where both generators of a matrix have a parameter of the same name.",
    ),
};

const KINDS = ["list", "gitFolders", "gitFiles", "clusters"] as const;
const countRule = (kinds: readonly string[]) => ({
  rule: `[${kinds.map((kind) => `has(self.${kind})`).join(", ")}].filter(x, x).size() == 1`,
  message: `exactly one of ${kinds.slice(0, -1).join(", ")} and ${kinds.at(-1)} must be set`,
});

const SimpleGenerator = withRules(z.object(simple).describe("A generator of parameters."), [countRule(KINDS)]);
export type SimpleGenerator = z.infer<typeof SimpleGenerator>;

const Matrix = z
  .object({
    generators: z
      .array(SimpleGenerator)
      .min(2)
      .max(2)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .describe("The two generators. Each set of parameters of the first is combined with each one of the second."),
  })
  .describe("Apps for all combinations of two generators.");

/** A source of parameters: exactly one kind is set. */
export const Generator = withRules(
  z.object({ ...simple, matrix: Matrix.optional() }).describe("A generator of parameters."),
  [
    countRule([...KINDS, "matrix"]),
    {
      rule: "!has(self.matrix) || !has(self.as)",
      message: "as belongs to the generators of the matrix",
      fieldPath: ".as",
    },
  ],
);
export type Generator = z.infer<typeof Generator>;
