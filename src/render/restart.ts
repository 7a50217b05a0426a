import { CORE_OBJECT_GROUP } from "../api/core/objects.js";
import { ANNOTATION_CONFIG_CHECKSUM } from "../api/group.js";
import { canonicalJson } from "../base/hash.js";
import { parseApiVersion } from "../manifest/object-id.js";
import { updateAt } from "../manifest/pod-spec.js";
import { isRecord } from "../manifest/shape.js";
import { hashBody, type PreparedDocument } from "../manifest/to-document.js";

/** Goes up whenever the same content would give other checksums. */
export const RESTART_VERSION = 1;

/** Kinds whose pods are replaced when their template changes. */
const WORKLOADS: ReadonlySet<string> = new Set([
  "apps/Deployment",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "argoproj.io/Rollout",
]);

type Kind = "ConfigMap" | "Secret";
type Fields = Readonly<Record<string, unknown>>;

/** What pods may use besides what is in the source, and how it is hashed. */
export interface RestartInputs {
  /** Hashes a text with a key, so that no value can be guessed from the result. */
  readonly digest: (text: string) => string;
  /** Data of objects of the cluster, in base64, by `Kind/name`. They are in `namespace`. */
  readonly objects: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Namespace of documents without one. */
  readonly namespace: string;
  /** Namespace of `objects`. */
  readonly objectNamespace: string;
}

/** A use of a ConfigMap or Secret by pods. Without `keys`, all of it. */
interface Use {
  readonly kind: Kind;
  readonly name: string;
  readonly keys?: readonly string[] | undefined;
}

/**
 * Returns the documents with a checksum, in each pod template, of the ConfigMaps and Secrets that its pods use, as far as they are known:
 * those of the source, and `objects`. Pods that use single keys are not restarted by changes of others.
 */
export function withChecksums(
  documents: readonly PreparedDocument[],
  inputs: RestartInputs,
): readonly PreparedDocument[] {
  const known = new Map<string, Fields>();
  for (const [key, data] of inputs.objects) known.set(`${inputs.objectNamespace}/${key}`, data);
  for (const { object } of documents)
    if (object.apiVersion === "v1" && (object.kind === "Secret" || object.kind === "ConfigMap"))
      known.set(
        `${object.metadata.namespace ?? inputs.namespace}/${object.kind}/${object.metadata.name}`,
        contentOf(object),
      );
  return documents.map((document) => {
    const { object } = document;
    if (!WORKLOADS.has(`${parseApiVersion(object.apiVersion).group}/${object.kind}`)) return document;
    const used = usesOf(object).flatMap(({ kind, name, keys }) => {
      const content = known.get(`${object.metadata.namespace ?? inputs.namespace}/${kind}/${name}`);
      if (content === undefined) return [];
      return [[kind, name, keys === undefined ? content : keys.map((key) => [key, content[key] ?? null])]];
    });
    return used.length === 0 ? document : withAnnotation(document, inputs.digest(canonicalJson(used)));
  });
}

/** Marks the apps of a Core, so that they are deployed again when the value of a secret changes that they use. */
export function withRestart(documents: readonly PreparedDocument[]): readonly PreparedDocument[] {
  return documents.map(({ written: _, ...document }) => {
    const { object } = document;
    const isApp = parseApiVersion(object.apiVersion).group === CORE_OBJECT_GROUP && object.kind === "App";
    if (!isApp || !isRecord(object.spec)) return document;
    const marked = { ...object, spec: { ...object.spec, restart: true } };
    return { ...document, object: marked, bodyHash: hashBody(marked) };
  });
}

function contentOf({ data, binaryData }: Fields): Fields {
  return { ...(isRecord(binaryData) ? binaryData : {}), ...(isRecord(data) ? data : {}) };
}

function withAnnotation({ written: _, ...document }: PreparedDocument, checksum: string): PreparedDocument {
  const object = updateAt(document.object, ["spec", "template"], (template) => {
    const metadata = isRecord(template.metadata) ? template.metadata : {};
    const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
    return {
      ...template,
      metadata: { ...metadata, annotations: { ...annotations, [ANNOTATION_CONFIG_CHECKSUM]: checksum } },
    };
  }) as PreparedDocument["object"];
  return { ...document, object, bodyHash: hashBody(object) };
}

/** Returns what the pods of a workload use, sorted, each once. */
function usesOf(object: Fields): Use[] {
  const template = isRecord(object.spec) ? object.spec.template : undefined;
  const pod = isRecord(template) && isRecord(template.spec) ? template.spec : {};
  const uses = [...listOf(pod.volumes).flatMap(usesOfVolume)];
  for (const field of ["initContainers", "containers"])
    for (const container of listOf(pod[field])) {
      uses.push(
        ...listOf(container.envFrom).flatMap((from) => [
          ...ref("ConfigMap", from.configMapRef),
          ...ref("Secret", from.secretRef),
        ]),
      );
      for (const { valueFrom } of listOf(container.env)) {
        if (!isRecord(valueFrom)) continue;
        uses.push(...keyRef("ConfigMap", valueFrom.configMapKeyRef), ...keyRef("Secret", valueFrom.secretKeyRef));
      }
    }
  return merged(uses);
}

function usesOfVolume({ configMap, secret, projected }: Fields): Use[] {
  const sources = isRecord(projected) ? listOf(projected.sources) : [];
  return [
    ...ref("ConfigMap", configMap),
    ...ref("Secret", secret, "secretName"),
    ...sources.flatMap((source) => [...ref("ConfigMap", source.configMap), ...ref("Secret", source.secret)]),
  ];
}

function ref(kind: Kind, value: unknown, field = "name"): Use[] {
  if (!isRecord(value) || typeof value[field] !== "string") return [];
  const items = listOf(value.items).flatMap(({ key }) => (typeof key === "string" ? [key] : []));
  return [{ kind, name: value[field], ...(items.length === 0 ? {} : { keys: items }) }];
}

function keyRef(kind: Kind, value: unknown): Use[] {
  if (!isRecord(value) || typeof value.name !== "string" || typeof value.key !== "string") return [];
  return [{ kind, name: value.name, keys: [value.key] }];
}

/** One use for each object: all of it, or the keys that are used. The order of containers and volumes does not matter. */
function merged(uses: readonly Use[]): Use[] {
  const byObject = new Map<string, Use>();
  for (const use of uses) {
    const id = `${use.kind}/${use.name}`;
    const before = byObject.get(id);
    const keys =
      use.keys === undefined || (before !== undefined && before.keys === undefined)
        ? undefined
        : [...new Set([...(before?.keys ?? []), ...use.keys])].sort();
    byObject.set(id, { kind: use.kind, name: use.name, keys });
  }
  return [...byObject].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use);
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
