import type { KeyTexts } from "../secrets/sops/age-keys.js";
import type { ChartCredentials } from "./helm/registry/chart-pull.js";
import type { SecretValues } from "./secrets/secret-values.js";
import type { UnsealKeys } from "./unseal.js";

/** A variable of rendered documents. */
export interface Variable {
  readonly value: string;
  /** Whether the value comes from a Secret. */
  readonly secret: boolean;
}

/** Variables by name. */
export type Variables = ReadonlyMap<string, Variable>;

/** Values of a chart that come from a ConfigMap or Secret. */
export interface ChartValues {
  /** What people call them: `source.helm.valuesFrom[0] (Secret db)`. */
  readonly name: string;
  /** YAML or JSON. */
  readonly text: string;
  /** Whether they come from a Secret. */
  readonly secret: boolean;
}

/** What a source takes from ConfigMaps and Secrets. */
export interface ExternalValues {
  /** Whether only keys for decryption could be read, and no objects of a cluster. */
  readonly isPartial?: boolean;
  /** Keyed digest of all values, as a part of the input key: a plain hash would let readers guess weak secrets. */
  readonly digest: string;
  /** From `source.substitute.from`. */
  readonly variables: Variables;
  /** From `source.helm.valuesFrom`, in their order. */
  readonly values: readonly ChartValues[];
  /** From `source.decryption.secretRef`: keys for encrypted files. */
  readonly decryption?: KeyTexts;
  /** From `source.unseal.secretRef`. */
  readonly unsealKeys?: UnsealKeys;
  /** From `source.secretStores`: what Secret documents refer to. */
  readonly secretValues?: SecretValues;
  /** From `source.restart.from`: data in base64, by `Kind/name`. */
  readonly used?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** From `source.helm.chart.secretRef`. Not a part of `digest`: another password gives the same chart. */
  readonly chartCredentials?: ChartCredentials;
}

/** Returns whether any of the values is secret. */
export function holdsSecrets({ variables, values, secretValues }: ExternalValues): boolean {
  return (
    secretValues !== undefined ||
    values.some(({ secret }) => secret) ||
    [...variables.values()].some(({ secret }) => secret)
  );
}
