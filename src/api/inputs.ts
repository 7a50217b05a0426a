import { z } from "zod";
import { CommonMetadata } from "./common-metadata.js";
import { ComposeSource } from "./compose-source.js";
import { CreateNamespace } from "./create-namespace.js";
import { Decryption, RequiredSecret, RestartSource, SubstituteSource, UnsealSource } from "./external-values.js";
import { atomicList, atomicMap, mapList, namespaceName, objectName, withRules } from "./fields.js";
import { GitRef } from "./git-ref.js";
import { IgnoreDifferences } from "./ignore-differences.js";
import { RENDERER_KINDS, RENDERER_SETTINGS, SourcePatch } from "./renderers.js";
import { SecretStore } from "./secret-stores.js";

/** Renderers of other documents than those of overseer.io. */
const OTHER_KINDS = RENDERER_KINDS.filter((kind) => kind !== "plain");
const KINDS = listed(RENDERER_KINDS, "and");

/** Source of an app. */
export const AppSource = withRules(
  z
    .object({
      repositoryRef: atomicMap(
        z
          .object({
            name: objectName("Name of the GitRepository."),
            namespace: namespaceName(
              "Namespace of the GitRepository. Defaults to the namespace of the app. In another namespace, its allowedNamespaces must include the namespace of the app.",
            ).optional(),
          })
          .describe("The GitRepository to read."),
      ),
      path: withRules(z.string().max(1024), [
        {
          rule: "!self.startsWith('/') && !self.split('/').exists(part, part == '..')",
          message: "path must be relative to the root of the repository and must not contain ..",
        },
      ])
        .describe(
          "Directory or file with the documents, relative to the root of the repository. Defaults to the root. Symbolic links are followed within the repository. Nothing is pruned while a link that may lead to a directory cannot be followed.",
        )
        .default("."),
      ref: GitRef.optional(),
      include: atomicList(
        z.string().min(1).max(256),
        64,
        "Glob patterns of the files to read, relative to path. Defaults to all *.yaml, *.yml and *.json files.",
      ).optional(),
      exclude: atomicList(
        z.string().min(1).max(256),
        64,
        "Glob patterns of files to ignore, relative to path.",
      ).optional(),
      overlay: withRules(z.string().min(1).max(1024), [
        {
          rule: "!self.startsWith('/') && !self.split('/').exists(part, part == '..')",
          message: "overlay must be relative to the root of the repository and must not contain ..",
        },
      ])
        .describe(
          "Directory with partial App documents, for example environments/prod, relative to the root of the repository. Each is merged over the App document with its name in path: compose as an override file, all other fields as a JSON merge patch. Other documents of the directory are added. An App that matches none in path is an error.",
        )
        .optional(),
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
              .describe("Value of the variable. Must not be a secret: it is visible in the status and in Changes."),
          })
          .describe("A variable."),
        ["name"],
        100,
        "Variables for ${NAME} in Compose documents. A document's own spec.env takes precedence.",
      ).optional(),
      compose: ComposeSource.optional(),
      ...RENDERER_SETTINGS,
      patches: atomicList(
        SourcePatch,
        100,
        "Patches applied to the rendered documents, whatever renders them, in this order and with the semantics of Kustomize patches. Only with destination.kubernetes.",
      ).optional(),
      substitute: SubstituteSource.optional(),
      commonMetadata: CommonMetadata.optional(),
      decryption: Decryption.optional(),
      unseal: UnsealSource.optional(),
      restart: RestartSource.optional(),
      requiredSecrets: atomicList(
        RequiredSecret,
        50,
        "Secrets that are not in Git and have to exist before anything is written: Changes wait for them. Only with destination.kubernetes; on a Core, apps wait for what ${SECRET:name} refers to.",
      ).optional(),
      secretStores: mapList(
        SecretStore,
        ["name"],
        10,
        "Stores that documents of kind Secret (overseer.io/v1) take values from. No other Secret can be read by documents.",
      ).optional(),
      refusePlaintextSecrets: z
        .boolean()
        .optional()
        .describe(
          "If true, a source with secrets that are readable in Git is refused; otherwise they are noted. The operator refuses them for all apps with --refuse-plaintext-secrets. Defaults to false.",
        ),
    })
    .describe(
      `Source of the documents. At most one of ${KINDS} may be set. If none is set, the type is detected from the files at path: kustomization.yaml, Chart.yaml, or else plain manifests.`,
    ),
  [
    {
      rule: `[${RENDERER_KINDS.map((kind) => `has(self.${kind})`).join(", ")}].filter(set, set).size() <= 1`,
      message: `at most one of ${KINDS} may be set`,
    },
    {
      rule: `!has(self.overlay) || (${OTHER_KINDS.map((kind) => `!has(self.${kind})`).join(" && ")})`,
      message: `overlay merges App documents and cannot be combined with ${listed(OTHER_KINDS, "or")}`,
    },
  ],
);
export type AppSource = z.infer<typeof AppSource>;

/** Inputs of a render. Equal keys give equal documents. */
export const Inputs = z
  .object({
    key: z
      .string()
      .max(64)
      .describe("Hash of everything that was read to render the documents. Equal keys give equal documents."),
    sourceKey: z
      .string()
      .max(64)
      .optional()
      .describe(
        "Hash of the same without versions of renderers and programs, and without what the cluster is: equal before and after an upgrade.",
      ),
    revision: z.string().max(512).describe("Revision, for example main@sha1:6f3c…."),
    commit: z.string().max(64).describe("Commit ID."),
    source: AppSource.describe("spec.source of the app at that time."),
    ignoreDifferences: IgnoreDifferences.optional().describe("spec.sync.ignoreDifferences of the app at that time."),
    createNamespace: CreateNamespace.optional().describe("spec.sync.createNamespace of the app at that time."),
  })
  .describe("Inputs of the sync: the revision, and the source of the app at that time.");
export type Inputs = z.infer<typeof Inputs>;

/** The keys of inputs. */
export type InputKeys = Pick<Inputs, "key" | "sourceKey">;

/**
 * Returns the key by which inputs are recognized after an upgrade of the operator. Decisions of users, failures and tests are about what users have
 * changed, whatever version of a renderer has made documents of it.
 */
export function lastingKey({ key, sourceKey }: InputKeys): string {
  return sourceKey ?? key;
}

/** Reports whether a recorded key is one of the keys of inputs. */
export function isKeyOf(recorded: string | undefined, inputs: InputKeys | undefined): boolean {
  return recorded !== undefined && (recorded === inputs?.key || recorded === inputs?.sourceKey);
}

/** Reports whether inputs come from the same source. Their documents may differ, if an upgrade lies in between. */
export function hasSameSource(a: InputKeys | undefined, b: InputKeys | undefined): boolean {
  return isKeyOf(a?.key, b) || (b !== undefined && isKeyOf(a?.sourceKey, b));
}

function listed(words: readonly string[], conjunction: "and" | "or"): string {
  return `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
}
