import type { CelRule } from "../../src/api/fields.js";
import { GROUP, VERSION } from "../../src/api/group.js";
import type { ResourceDefinition } from "../../src/api/resources.js";
import { checkSchema } from "./check.js";
import { fromZod } from "./from-zod.js";
import { type Problem, type Schema, SchemaError } from "./schema.js";
import { toStructural } from "./structural.js";

/** Category of all kinds, for `kubectl get overseer`. */
export const CATEGORY = "overseer";

/** Default status of a new object; kstatus must not take it for the status of generation 1. */
const INITIAL_STATUS = { observedGeneration: -1 } as const;

/** A column of `additionalPrinterColumns`. */
export interface CrdColumn {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly jsonPath: string;
  readonly priority?: number;
}

/** A CustomResourceDefinition manifest. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: "Namespaced" | "Cluster";
    readonly names: object;
    readonly versions: readonly [CrdVersion];
  };
}

/** The served version. */
export interface CrdVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly subresources: { readonly status: object };
  readonly additionalPrinterColumns: readonly CrdColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly schema: { readonly openAPIV3Schema: Schema };
}

/** Returns the name of a CRD. */
export function crdName(resource: Pick<ResourceDefinition, "plural">): string {
  return `${resource.plural}.${GROUP}`;
}

/** Builds the CRD of a kind. Throws SchemaError with all problems of its schema. */
export function buildCrd(resource: ResourceDefinition): CustomResourceDefinition {
  const { kind, plural, singular, shortNames, scope } = resource;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: crdName(resource) },
    spec: {
      group: GROUP,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [...shortNames], categories: [CATEGORY] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: resource.columns.map(({ name, type, description, jsonPath, priority }) => ({
            name,
            type,
            description,
            jsonPath,
            ...(priority === undefined ? {} : { priority }),
          })),
          ...(resource.selectableFields.length === 0
            ? {}
            : { selectableFields: resource.selectableFields.map((jsonPath) => ({ jsonPath })) }),
          schema: { openAPIV3Schema: buildSchema(resource) },
        },
      ],
    },
  };
}

/** Returns the schema of the whole object. Throws SchemaError with all problems. */
export function buildSchema(resource: ResourceDefinition): Schema {
  const problems: Problem[] = [];
  const part = (name: "spec" | "status"): Schema => {
    const { raw, lost } = fromZod(resource[name], name);
    problems.push(...lost);
    return toStructural(raw, name, problems);
  };
  const status: Schema = { ...part("status"), default: INITIAL_STATUS };
  const schema: Schema = {
    description: resource.description,
    type: "object",
    ...(resource.rules.length === 0 ? {} : { "x-kubernetes-validations": resource.rules as readonly CelRule[] }),
    required: ["spec"],
    properties: {
      apiVersion: { description: "Version of the API that this object is written for.", type: "string" },
      kind: { description: `Always ${resource.kind}.`, type: "string" },
      // The API server defines the schema of metadata and accepts nothing else here.
      metadata: { type: "object" },
      spec: part("spec"),
      status,
    },
  };
  const { spec } = schema.properties ?? {};
  if (spec !== undefined) problems.push(...checkSchema(spec, "spec"));
  problems.push(...checkSchema(status, "status"));
  if (problems.length > 0) throw new SchemaError(`${resource.kind} cannot become a CustomResourceDefinition`, problems);
  return schema;
}
