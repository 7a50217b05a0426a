import { isRecord } from "./shape.js";

const EXCLUDE = "leave the file out with source.exclude";
const ENCRYPTED = `which this version does not decrypt: make the Secret in the cluster in another way, and ${EXCLUDE}`;
const HELM = "not a manifest: set source.path to the folder of the chart";
const KUSTOMIZE = `not a manifest: set source.path to the folder of the kustomization that uses it, or ${EXCLUDE}`;

const LFS = /^version https:\/\/git-lfs\.github\.com\/spec\//;
const LFS_POINTER = "this is a pointer of Git LFS, whose content this version does not fetch: take";

/** Why a file that is no manifest cannot be read, if Git holds only a pointer of Git LFS in its place. */
export function recognizePointer(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 64)).toString("latin1");
  return LFS.test(beginning) ? `${LFS_POINTER} the file out of Git LFS` : undefined;
}

/** File formats that are recognized by the beginning of the file. */
const BY_BEGINNING: readonly (readonly [beginning: RegExp | string, what: string])[] = [
  [LFS, `${LFS_POINTER} the manifests out of Git LFS, or ${EXCLUDE}`],
  ["\0GITCRYPT\0", `it is encrypted with git-crypt, ${ENCRYPTED}`],
  [/^(?:age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE-----)/, `it is encrypted with age, ${ENCRYPTED}`],
  [/^-----BEGIN PGP MESSAGE-----/, `it is encrypted with PGP, ${ENCRYPTED}`],
  [/^\$ANSIBLE_VAULT;/, `it is encrypted with Ansible Vault, ${ENCRYPTED}`],
  [/^-----BEGIN [A-Z ]+-----/, `this is a key or certificate, not a manifest; ${EXCLUDE}`],
  [
    /^\s*<(?:!doctype\s+html|html|head|body)\b/i,
    "this is an HTML page, not a manifest: perhaps the page about a file was saved instead of the raw file",
  ],
  [/^\s*<\?xml\b/i, `this is XML, not a manifest; ${EXCLUDE}`],
  [/^#!\s*\//, `this is a script, not a manifest; ${EXCLUDE}`],
  ["\u001f\u008b", `this is an archive, not a manifest; ${EXCLUDE}`],
];

/** Number of characters that are examined. */
const BEGINNING = 512;

/** Identifies a file that is not a manifest by its beginning, and returns a message with a remedy. */
export function recognizeBeginning(text: string): string | undefined {
  const beginning = text.slice(0, BEGINNING).replace(/^\ufeff/, "");
  const found = BY_BEGINNING.find(([known]) =>
    typeof known === "string" ? beginning.startsWith(known) : known.test(beginning),
  );
  return found?.[1];
}

/** Blanks of one line only: with line breaks, a file of blank lines would take cubic time. */
const JSONNET = /^[ \t]*(?:local[ \t]+\w+[ \t]*=|(?:\([ \t]*)?import[ \t]+['"])/m;

/** Returns a hint for a file that is not valid YAML, if its format is known. */
export function recognizeUnreadable(text: string, file: string): string | undefined {
  if (/^<{7} /m.test(text) && /^>{7} /m.test(text)) return "it holds the marks of a merge conflict: resolve it";
  if (/\{\{[^{}]*(?:\.(?:Values|Release|Chart|Capabilities|Files)\b|\b(?:include|template|define)\s+["`])/.test(text))
    return `it is a template of a Helm chart, ${HELM}`;
  if (/\{%-?\s/.test(text))
    return "it looks like a Jinja template: render it first, or leave it out with source.exclude";
  if (text.includes("{{")) return "it looks like a template: render it first, or leave it out with source.exclude";
  if (/\.(?:jsonnet|libsonnet)$/.test(file) || JSONNET.test(text))
    return "it is Jsonnet, which this version does not render: commit what jsonnet prints, and set source.path to that";
  return undefined;
}

/** Reports whether a file that cannot be read is meant as a manifest: apiVersion and kind begin a line, or are keys of JSON. */
export function resemblesManifest(text: string): boolean {
  return ["apiVersion", "kind"].every((key) => new RegExp(`^(?:[ {\\t]*"${key}"|${key})[ \\t]*:`, "m").test(text));
}

/** API groups of configuration files. No API server serves them. */
const CONFIGURATIONS =
  /^(?:kubeadm\.k8s\.io|kubelet\.config\.k8s\.io|kubeproxy\.config\.k8s\.io|kubescheduler\.config\.k8s\.io|apiserver\.config\.k8s\.io|audit\.k8s\.io|client\.authentication\.k8s\.io|kind\.x-k8s\.io|k3d\.io|skaffold|eksctl\.io)\//;

/** Identifies a document that is not a Kubernetes object by its fields, and returns a message with a remedy. */
export function recognizeDocument(value: unknown): string | undefined {
  if (Array.isArray(value)) return isJsonPatch(value) ? `this is a JSON patch of Kustomize, ${KUSTOMIZE}` : undefined;
  if (!isRecord(value)) return undefined;
  if (isRecord(value.sops) && ("mac" in value.sops || "lastmodified" in value.sops))
    return "it is encrypted with SOPS, and source.decryption is not set: set it to the Secret with the key of age that decrypts it";
  const apiVersion = typeof value.apiVersion === "string" ? value.apiVersion : undefined;
  const kind = typeof value.kind === "string" ? value.kind : undefined;
  if (kind === undefined) return recognizeWithoutKind(value, apiVersion);
  if (apiVersion === "v1" && kind === "Config" && (value.clusters !== undefined || value.contexts !== undefined))
    return `this is a kubeconfig, not an object of a cluster; its credentials do not belong into Git: ${EXCLUDE}`;
  if (apiVersion === "v1" && kind === "List" && !("items" in value) && !isNamed(value))
    return "this List has no items: name the list of its objects items, or delete the file";
  if (apiVersion?.startsWith("kustomize.config.k8s.io/")) return `this is a ${kind} of Kustomize, ${KUSTOMIZE}`;
  if (apiVersion === "builtin" || apiVersion?.startsWith("builtin/"))
    return `this ${kind} makes Kustomize change other objects, ${KUSTOMIZE}; leaving the file out would lose these changes`;
  if (apiVersion !== undefined && CONFIGURATIONS.test(apiVersion))
    return `this configures a program, and is not an object of a cluster; ${EXCLUDE}`;
  return undefined;
}

function isNamed({ metadata }: Record<string, unknown>): boolean {
  return isRecord(metadata) && metadata.name !== undefined;
}

function recognizeWithoutKind(value: Record<string, unknown>, apiVersion: string | undefined): string | undefined {
  if (apiVersion !== undefined)
    return /^v[12]$/.test(apiVersion) && typeof value.name === "string" && value.version !== undefined
      ? `this is the Chart.yaml of a Helm chart, ${HELM}`
      : undefined;
  if (
    isRecord(value.services) &&
    Object.values(value.services).every((service) => service === null || isRecord(service))
  )
    return "this is a Compose document: name it in composeFiles of an App (overseer.io/v1), which goes to an Overseer Core";
  if (value.openapi !== undefined || value.swagger !== undefined) return `this is an OpenAPI document; ${EXCLUDE}`;
  if (Array.isArray(value.resources) || Array.isArray(value.patches) || Array.isArray(value.configMapGenerator))
    return `this is a Kustomization, ${KUSTOMIZE}`;
  return undefined;
}

function isJsonPatch(list: readonly unknown[]): boolean {
  return list.length > 0 && list.every((item) => isRecord(item) && typeof item.op === "string" && "path" in item);
}

/** Returns a remedy for an object of another tool whose CustomResourceDefinition is not installed. */
export function recognizeKind({ group, kind }: { readonly group: string; readonly kind: string }): string | undefined {
  if (group === "argoproj.io" && /^(?:Application|ApplicationSet|AppProject)$/.test(kind))
    return `${kind} is Argo CD's, which is not installed: write an OverseerApp with its source and destination instead, or ${EXCLUDE}`;
  if (group === "kustomize.toolkit.fluxcd.io")
    return `${kind} is Flux's, which is not installed: write an OverseerApp with its path instead, or ${EXCLUDE}`;
  if (group === "source.toolkit.fluxcd.io" && kind === "GitRepository")
    return `this ${kind} is Flux's, which is not installed: write one of gitops.overseer.io/v1alpha1 instead, or ${EXCLUDE}`;
  if (/(?:^|\.)(?:helm\.toolkit\.fluxcd\.io|helm\.cattle\.io)$/.test(group))
    return `${kind} asks for a Helm chart: commit the chart, and write an OverseerApp with its folder and source.helm; or ${EXCLUDE}`;
  if (group.endsWith(".toolkit.fluxcd.io")) return `${kind} is Flux's, which is not installed: ${EXCLUDE}`;
  return undefined;
}
