import { z } from "zod";
import { atomicList, atomicMap, mapList, namespaceName, objectName, withRules } from "./fields.js";
import { GitRef } from "./git-ref.js";
import { HelmSource, KustomizeSource, PlainSource } from "./renderers.js";

/** Where an app's documents come from. */
export const AppSource = withRules(
  z
    .object({
      repositoryRef: atomicMap(
        z
          .object({
            name: objectName("Name of the GitRepository."),
            namespace: namespaceName(
              "Namespace of the GitRepository. Defaults to the namespace of the app. A GitRepository in another namespace must list the app's namespace in allowedNamespaces.",
            ).optional(),
          })
          .describe("The GitRepository to read."),
      ),
      path: withRules(z.string().max(1024), [
        {
          rule: "!self.startsWith('/') && !self.split('/').exists(part, part == '..')",
          message: "path must be relative to the root of the repository, without .. in it",
        },
      ])
        .describe(
          "Folder (or one file) in the repository that holds the documents. Symbolic links are followed within the repository. While a link that may stand for a folder cannot be followed, nothing is pruned.",
        )
        .default("."),
      ref: GitRef.optional(),
      include: atomicList(
        z.string().min(1).max(256),
        64,
        "Globs of the files to read, relative to path. Defaults to all *.yaml, *.yml and *.json files.",
      ).optional(),
      exclude: atomicList(z.string().min(1).max(256), 64, "Globs, relative to path, of files to leave out.").optional(),
      env: mapList(
        z
          .object({
            name: z
              .string()
              .min(1)
              .max(128)
              .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
              .describe("Name of the variable."),
            value: z
              .string()
              .max(4096)
              .describe("Its value. Not for secrets: it is shown in the status and in Changes."),
          })
          .describe("A variable."),
        ["name"],
        100,
        "Variables that ${NAME} in Compose documents stands for, below those of a document's own spec.env. Only with destination.overseer.",
      ).optional(),
      plain: PlainSource.optional(),
      kustomize: KustomizeSource.optional(),
      helm: HelmSource.optional(),
    })
    .describe(
      "Where the documents come from. Without plain, kustomize or helm, the files at path decide: kustomization.yaml, Chart.yaml, or else plain manifests.",
    ),
  [
    {
      rule: "[has(self.plain), has(self.kustomize), has(self.helm)].filter(set, set).size() <= 1",
      message: "at most one of plain, kustomize and helm may be set",
    },
  ],
);
export type AppSource = z.infer<typeof AppSource>;

/** All that a render read. Two equal keys give the same documents. */
export const Inputs = z
  .object({
    key: z.string().max(64).describe("Hash of all that the render read. Equal keys give equal documents."),
    revision: z.string().max(512).describe("The revision, like main@sha1:6f3c…."),
    commit: z.string().max(64).describe("Commit id."),
    source: AppSource.describe("The app's source as it was."),
  })
  .describe("What was rendered: the revision and the app's source as it was.");
export type Inputs = z.infer<typeof Inputs>;
