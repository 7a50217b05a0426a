import { z } from "zod";
import { ValuesReference } from "./external-values.js";
import { atomicList, atomicMap, localRef, mapList, namespaceName, withRules } from "./fields.js";

/** Path in the repository, relative to its root. */
const repositoryPath = (description: string) =>
  withRules(z.string().min(1).max(1024), [
    {
      rule: "!self.startsWith('/') && !self.contains('://')",
      message: "must be a relative path within the repository",
    },
  ]).describe(description);

const metadataMap = (what: string) =>
  z
    .record(z.string(), z.string().max(4096))
    .meta({ maxProperties: 100 })
    .optional()
    .describe(`${what} added to the metadata of every object. Selectors and pod templates are not changed.`);

/** Selects objects that a patch applies to. */
export const PatchTarget = atomicMap(
  z
    .object({
      group: z.string().max(253).optional().describe("API group, as a regular expression."),
      version: z.string().max(63).optional().describe("API version, as a regular expression."),
      kind: z.string().max(63).optional().describe("Kind, as a regular expression."),
      name: z.string().max(253).optional().describe("Name, as a regular expression."),
      namespace: z.string().max(63).optional().describe("Namespace, as a regular expression."),
      labelSelector: z.string().max(1024).optional().describe("Label selector, for example app=web,tier!=cache."),
      annotationSelector: z
        .string()
        .max(1024)
        .optional()
        .describe("Annotation selector, in the syntax of labelSelector."),
    })
    .describe(
      "Objects that the patch applies to. Required for JSON 6902 patches. A strategic merge patch without a target applies to the object that it names.",
    ),
);
export type PatchTarget = z.infer<typeof PatchTarget>;

/** One patch over rendered objects. */
export const SourcePatch = z
  .object({
    patch: z
      .string()
      .min(1)
      .max(65_536)
      .describe("Strategic merge patch, or list of JSON 6902 operations, as YAML or JSON."),
    target: PatchTarget.optional(),
  })
  .describe("A patch.");
export type SourcePatch = z.infer<typeof SourcePatch>;

/** Settings of Kustomize sources. */
export const KustomizeSource = z
  .object({
    namePrefix: z
      .string()
      .max(63)
      .optional()
      .describe("Prefix of the names of all objects. Replaces that of the kustomization at the path."),
    nameSuffix: z
      .string()
      .max(63)
      .optional()
      .describe("Suffix of the names of all objects. Replaces that of the kustomization at the path."),
    namespace: namespaceName("Namespace of all namespaced objects. Overrides the namespaces in documents.").optional(),
    images: mapList(
      z
        .object({
          name: z.string().min(1).max(512).describe("Image name in the documents, without tag."),
          newName: z.string().min(1).max(512).optional().describe("New image name. * keeps that of the kustomization."),
          newTag: z.string().min(1).max(128).optional().describe("New tag. * keeps that of the kustomization."),
          digest: z.string().min(1).max(256).optional().describe("Digest, for example sha256:…. Replaces the tag."),
        })
        .describe("An image override."),
      ["name"],
      100,
      "Image overrides. Each replaces the one with the same name in the kustomization at the path.",
    ).optional(),
    replicas: mapList(
      z
        .object({
          name: z.string().min(1).max(253).describe("Name of the workload in the documents."),
          count: z.int().min(0).max(1_000_000).describe("Number of replicas."),
        })
        .describe("A replica count."),
      ["name"],
      100,
      "Replica counts of workloads.",
    ).optional(),
    labels: metadataMap("Labels"),
    annotations: metadataMap("Annotations"),
    patches: atomicList(SourcePatch, 100, "Patches applied on top of the kustomization.").optional(),
    components: atomicList(
      repositoryPath("Directory of a component, relative to path."),
      50,
      "Kustomize components applied on top of the kustomization.",
    ).optional(),
    generate: z
      .boolean()
      .optional()
      .describe(
        "If true, a path without a kustomization is rendered as if it had one that names all .yaml and .yml files below, and each directory with a kustomization of its own instead of its files, as with Flux. Defaults to false.",
      ),
    allowRemoteBases: z
      .boolean()
      .optional()
      .describe(
        "If true, kustomizations may name bases and components in other repositories, at a tag or a full commit ID (?ref=), on hosts of --allowed-remote-base-hosts of the operator. Defaults to false.",
      ),
  })
  .describe("Renders the path with Kustomize and adjusts the result. {} requires that the path has a kustomization.");
export type KustomizeSource = z.infer<typeof KustomizeSource>;

/** A chart of a registry. */
export const ChartReference = withRules(
  z
    .object({
      repository: withRules(z.string().min(1).max(2048), [
        {
          rule: "self.startsWith('https://') || self.startsWith('http://') || self.startsWith('oci://')",
          message: "repository must begin with https://, http:// or oci://",
        },
        {
          rule: "!self.matches('^[a-z]+://[^/?#]*@')",
          message: "repository must not contain a user name or password: use secretRef",
        },
      ]).describe(
        "URL of the chart repository, for example https://charts.example.com, or oci://registry.example.com/charts.",
      ),
      name: z
        .string()
        .min(1)
        .max(128)
        .regex(/^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$/)
        .describe("Name of the chart."),
      version: z
        .string()
        .min(1)
        .max(128)
        .regex(/^v?[0-9]+\.[0-9]+\.[0-9]+([-+][-+.0-9A-Za-z]+)?$/)
        .describe("Exact version of the chart. Ranges are not supported: they would change the app without a commit."),
      digest: z
        .string()
        .max(71)
        .regex(/^sha256:[0-9a-f]{64}$/)
        .optional()
        .describe(
          "SHA-256 of the chart archive, as in the index of the repository, for example sha256:…. If set, any other archive is rejected.",
        ),
      secretRef: localRef(
        "Secret with the keys username and password, and optionally ca.crt, the CA of the registry's certificate. It is read as the ServiceAccount of the app, which needs get.",
      ).optional(),
      plainHTTP: z
        .boolean()
        .optional()
        .describe("If true, an oci:// repository is read over http://. Always so for localhost. Defaults to false."),
    })
    .describe(
      "A chart of an HTTP or OCI registry. Each version is pulled once. path is then the directory that valueFiles are relative to.",
    ),
  [
    {
      rule: "!has(self.plainHTTP) || !self.plainHTTP || self.repository.startsWith('oci://')",
      message: "plainHTTP is for oci:// repositories",
      fieldPath: ".plainHTTP",
    },
    {
      rule: "!has(self.secretRef) || self.repository.matches('^(http|oci)://(localhost|127[.]0[.]0[.]1|[[]::1[]])([:/]|$)') || (!self.repository.startsWith('http://') && (!has(self.plainHTTP) || !self.plainHTTP))",
      message: "credentials are never sent over http:// to another machine: use https://, or oci:// without plainHTTP",
      fieldPath: ".secretRef",
    },
  ],
);
export type ChartReference = z.infer<typeof ChartReference>;

/** Settings of Helm sources. */
export const HelmSource = z
  .object({
    chart: atomicMap(ChartReference).optional(),
    releaseName: z
      .string()
      .min(1)
      .max(53)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .optional()
      .describe("Release name. Defaults to the name of the app."),
    valueFiles: atomicList(
      repositoryPath("Values file, relative to path. May be in another directory of the repository."),
      50,
      "Values files, applied in this order over the chart's values.yaml.",
    ).optional(),
    ignoreMissingValueFiles: z
      .boolean()
      .optional()
      .describe("If true, values files that do not exist are skipped. Defaults to false."),
    valuesFrom: atomicList(
      ValuesReference,
      20,
      "ConfigMaps and Secrets with values, applied over valueFiles in this order. Changed values are applied immediately. The diffs of an app that uses Secrets show no values.",
    ).optional(),
    values: z
      .unknown()
      .meta({ type: "object", "x-kubernetes-preserve-unknown-fields": true })
      .optional()
      .describe(
        "Values, applied over valuesFrom. Must not contain secrets: they are visible in the status. The whole source may have at most 256 KiB.",
      ),
    parameters: mapList(
      z
        .object({
          name: z.string().min(1).max(512).describe("Path of the value, for example image.tag or servers[0].port."),
          value: z.string().max(4096).describe("Value. Numbers and booleans are recognized."),
          forceString: z.boolean().optional().describe("If true, the value is always a string. Defaults to false."),
        })
        .describe("A single value, as with helm --set."),
      ["name"],
      200,
      "Single values, applied last.",
    ).optional(),
    skipCrds: z.boolean().optional().describe("If true, the chart's directory crds/ is skipped. Defaults to false."),
    kubeVersion: z
      .string()
      .min(1)
      .max(32)
      .regex(/^v?[0-9]+(\.[0-9]+){1,2}([-+][0-9A-Za-z.+-]*)?$/)
      .optional()
      .describe("Kubernetes version to render for. Defaults to the version of the destination."),
    apiVersions: atomicList(
      z.string().min(1).max(317),
      100,
      "Additional API versions to render for, besides those that the destination serves, for example monitoring.coreos.com/v1/ServiceMonitor.",
    ).optional(),
  })
  .describe("Renders a chart with helm template: the one at path, or chart. {} requires that the path has a chart.");
export type HelmSource = z.infer<typeof HelmSource>;

/** Settings of plain sources. */
export const PlainSource = z
  .object({
    recurse: z
      .boolean()
      .optional()
      .describe(
        "If true, subdirectories are read too. If false, only the files of the directory itself. Defaults to true.",
      ),
  })
  .describe("Reads the path as plain manifests, even if it holds a kustomization or chart.");
export type PlainSource = z.infer<typeof PlainSource>;

/**
 * The settings of each renderer, by its name: a field of spec.source, of which at most one may be set. A new renderer begins here;
 * docs/extending/renderers.md has the other steps.
 */
export const RENDERER_SETTINGS = {
  plain: PlainSource.optional(),
  kustomize: KustomizeSource.optional(),
  helm: HelmSource.optional(),
};
export type RendererKind = keyof typeof RENDERER_SETTINGS;

/** The names of all renderers. */
export const RENDERER_KINDS = Object.keys(RENDERER_SETTINGS) as readonly RendererKind[];

/** The renderer that a source names, whatever its files say, with its settings. */
export type RendererSettings = {
  readonly [Kind in RendererKind]?: NonNullable<z.infer<(typeof RENDERER_SETTINGS)[Kind]>>;
};
