import { ANNOTATION_RECONCILE_AT, API_VERSION, GROUP } from "../../api/group.js";
import { isRecord } from "../../manifest/shape.js";

/** Version of the format. */
export const BACKUP_VERSION = 1;
/** `kind` of a backup file, which is no object of the API. */
export const BACKUP_KIND = "OverseerBackup";

/** An object of the operator as the API server returns it. */
export interface BackupObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** A Secret that is needed after a restore. Its values are never part of a backup. */
export interface NeededSecret {
  readonly namespace: string;
  readonly name: string;
  /** Objects that refer to it. */
  readonly usedBy: readonly string[];
}

/** The content of a backup file. */
export interface Backup {
  readonly kind: typeof BACKUP_KIND;
  readonly version: number;
  /** RFC 3339. */
  readonly time: string;
  /** UID of the namespace kube-system: the cluster that it comes from. */
  readonly cluster: string;
  readonly secrets: readonly NeededSecret[];
  readonly objects: readonly BackupObject[];
}

/** Makes a backup of objects: with status, and without what the API server adds. */
export function makeBackup(objects: readonly BackupObject[], about: Pick<Backup, "time" | "cluster">): Backup {
  const kept = objects.map(keptParts);
  return { kind: BACKUP_KIND, version: BACKUP_VERSION, ...about, secrets: neededSecrets(kept), objects: kept };
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function keptParts({ apiVersion, kind, metadata, spec, status }: BackupObject): BackupObject {
  const { name, namespace, labels, annotations = {}, creationTimestamp } = metadata;
  const { [LAST_APPLIED]: _, [ANNOTATION_RECONCILE_AT]: __, ...kept } = annotations;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
}

/** Fields that refer to a Secret in the namespace of their object: `secretRef`, `kubeConfigSecretRef`. */
const SECRET_FIELD = /(^s|S)ecretRef$/;

function neededSecrets(objects: readonly BackupObject[]): readonly NeededSecret[] {
  const found = new Map<string, { namespace: string; name: string; usedBy: Set<string> }>();
  for (const { kind, metadata, spec } of objects) {
    const { namespace = "" } = metadata;
    if (kind === "Change" || kind === "Approval") continue;
    for (const name of secretNames(spec)) {
      const entry = found.get(`${namespace}/${name}`) ?? { namespace, name, usedBy: new Set<string>() };
      entry.usedBy.add(`${kind} ${namespace}/${metadata.name}`);
      found.set(`${namespace}/${name}`, entry);
    }
  }
  return [...found.values()].map(({ usedBy, ...secret }) => ({ ...secret, usedBy: [...usedBy].sort() }));
}

function secretNames(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(secretNames);
  if (!isRecord(value)) return [];
  const own = value.kind === "Secret" && typeof value.name === "string" ? [value.name] : [];
  const named = Object.entries(value).flatMap(([field, child]) => {
    if (SECRET_FIELD.test(field) && isRecord(child) && typeof child.name === "string") return [child.name];
    if (field === "tlsSecretName" && typeof child === "string") return [child];
    // A store of Secrets of the namespace, and Secrets that have to exist.
    if (field === "kubernetes" && isRecord(child) && Array.isArray(child.secrets)) return child.secrets.map(String);
    if (field === "requiredSecrets" && Array.isArray(child))
      return child.filter(isRecord).map(({ name }) => String(name));
    return secretNames(child);
  });
  return [...own, ...named];
}

/** Returns a problem of a value that should be a backup; undefined if it is one. */
export function backupProblem(value: unknown): string | undefined {
  if (!isRecord(value) || value.kind !== BACKUP_KIND)
    return `it is no backup: kind must be ${BACKUP_KIND}, as overseer export --all writes it`;
  if (value.version !== BACKUP_VERSION)
    return `it has version ${String(value.version)}, and this program reads version ${BACKUP_VERSION}: use the program that wrote it, or a newer one`;
  const { objects } = value;
  if (!Array.isArray(objects)) return "objects is no list: the file is damaged";
  const wrong = objects.findIndex((one) => !isOurs(one));
  return wrong < 0 ? undefined : `objects[${wrong}] is no object of ${GROUP}: the file is damaged`;
}

function isOurs(value: unknown): boolean {
  return (
    isRecord(value) &&
    value.apiVersion === API_VERSION &&
    typeof value.kind === "string" &&
    isRecord(value.metadata) &&
    typeof value.metadata.name === "string"
  );
}
