import type { KeyObject } from "node:crypto";
import type { KubeObject } from "../manifest/document.js";
import { showKey } from "../manifest/field-path.js";
import { mayKeep } from "../manifest/keep-annotations.js";
import { checkSecret } from "../manifest/secret-shape.js";
import { isRecord } from "../manifest/shape.js";
import { hashBody, type PreparedDocument } from "../manifest/to-document.js";
import { SEALED_API_VERSION, scopeOfSealed } from "../secrets/sealed/sealed-secret.js";
import { SealingKeys, sealLabel } from "../secrets/sealed/sealed-value.js";
import type { RenderProblem } from "./render-error.js";

/** Goes up whenever the same SealedSecrets would give other Secrets. */
export const UNSEAL_VERSION = 2;

/** Private keys of Sealed Secrets. */
export interface UnsealKeys {
  /** Where they come from: `Secret shop/sealing-keys`. */
  readonly from: string;
  readonly keys: readonly KeyObject[];
}

/** What SealedSecrets were turned into. */
export interface Unsealed {
  readonly documents: readonly PreparedDocument[];
  readonly problems: readonly RenderProblem[];
}

/** Turns SealedSecrets into the Secrets that their controller would make. Every value is decrypted, or its document is a problem. */
export async function unsealDocuments(
  documents: readonly PreparedDocument[],
  { from, keys: own }: UnsealKeys,
  defaultNamespace: string,
): Promise<Unsealed> {
  const problems: RenderProblem[] = [];
  const unsealed: PreparedDocument[] = [];
  const keys = new SealingKeys(own);
  for (const document of documents) {
    const { object, origin } = document;
    if (object.apiVersion !== SEALED_API_VERSION || object.kind !== "SealedSecret") {
      unsealed.push(document);
      continue;
    }
    const namespace = object.metadata.namespace ?? defaultNamespace;
    const { secret, faults } = await secretOf(object, namespace, keys, from);
    const name = `SealedSecret ${namespace}/${object.metadata.name}`;
    problems.push(...faults.map((message) => ({ origin, object: name, message })));
    const { written: _, ...rest } = document;
    unsealed.push({ ...rest, object: secret, bodyHash: hashBody(secret), confidential: true });
  }
  return { documents: unsealed, problems };
}

async function secretOf(
  sealed: KubeObject,
  namespace: string,
  keys: SealingKeys,
  from: string,
): Promise<{ readonly secret: KubeObject; readonly faults: readonly string[] }> {
  const { spec, metadata } = sealed;
  const { encryptedData, template } = isRecord(spec) ? spec : {};
  const own = isRecord(template) ? template : {};
  const given = isRecord(own.metadata) ? own.metadata : {};
  const labels = { ...carriedOver(metadata.labels, mayKeep), ...(isTexts(given.labels) ? given.labels : {}) };
  const annotations = {
    ...carriedOver(metadata.annotations, isCarriedOver),
    ...(isTexts(given.annotations) ? given.annotations : {}),
  };
  const scope = scopeOfSealed(metadata.annotations);
  const label = sealLabel(scope, namespace, metadata.name);
  const faults: string[] = [];
  // A map: as a field of an object, a value with the key __proto__ would get lost.
  const data = new Map<string, string>();
  for (const [key, value] of Object.entries(isRecord(own.data) ? own.data : {})) {
    if (typeof value === "string" && !value.includes("{{")) data.set(key, Buffer.from(value).toString("base64"));
    else
      faults.push(
        `spec.template.data.${showKey(key)} is a template, which only the controller of Sealed Secrets fills in`,
      );
  }
  for (const [key, value] of Object.entries(isRecord(encryptedData) ? encryptedData : {})) {
    const plain = typeof value === "string" ? await keys.unseal(label, value) : undefined;
    if (plain === undefined) faults.push(undecryptable(key, keys.count, from, scope, label));
    else data.set(key, plain.toString("base64"));
  }
  if (own.data !== undefined && own.data !== null && !isRecord(own.data))
    faults.push("spec.template.data must be a map of keys and texts");
  if (!isRecord(encryptedData))
    faults.push("spec.encryptedData is missing: is it a SealedSecret of a version before 0.7?");
  const secret: KubeObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(isTexts(given.labels) || Object.keys(labels).length > 0 ? { labels } : {}),
      ...(isTexts(given.annotations) || Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    ...(typeof own.type === "string" ? { type: own.type } : {}),
    ...(own.immutable === true ? { immutable: true } : {}),
    data: Object.fromEntries(data),
  };
  return { secret, faults: faults.length > 0 ? faults : checkSecret(secret).map(({ message }) => message) };
}

/** Domains of annotations that say how the operator treats an object: on a SealedSecret, they are meant for its Secret. */
const TREATMENT =
  /^(gitops\.overseer\.io|argocd\.argoproj\.io|helm\.sh|[a-z]+\.toolkit\.fluxcd\.io|cli-utils\.sigs\.k8s\.io|config\.kubernetes\.io|client\.lifecycle\.config\.k8s\.io|configmanagement\.gke\.io|kapp\.k14s\.io|kluctl\.io)\//;

function isCarriedOver(key: string): boolean {
  return TREATMENT.test(key);
}

function carriedOver(
  texts: Readonly<Record<string, string>> | undefined,
  isMeant: (key: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts ?? {}).filter(([key]) => isMeant(key)));
}

function undecryptable(key: string, count: number, from: string, scope: string, label: string): string {
  const place = label === "" ? "" : ` of ${label}`;
  return `spec.encryptedData.${showKey(key)} cannot be decrypted with the ${count} ${count === 1 ? "key" : "keys"} of ${from}: it was sealed for another key, another Secret or scope (this is ${scope}${place}), or was changed; seal it again`;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}
