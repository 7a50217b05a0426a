import type { IgnoreRule } from "../../../api/ignore-differences.js";
import type { Additions } from "../../../api/sync-policy.js";
import { childOf } from "../../../kube/fields/field-sets.js";
import { union } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../kube/object.js";
import { ignoredFields } from "../../../manifest/ignored/ignored-fields.js";
import type { GroupVersionKind, ObjectId } from "../../../manifest/object-id.js";
import { authoritativeRoots } from "./authoritative-kinds.js";
import { isController, isMain } from "./field-managers.js";
import { follow } from "./follow-step.js";
import { withoutIgnored } from "./ignored-steps.js";
import type { KnownManagers } from "./known-managers.js";

/** Fields of an object that one field manager added, and the app does not own. */
export interface AddedFields {
  readonly manager: string;
  /** Time of the manager's last write, as a timestamp. */
  readonly time: string | undefined;
  readonly fields: FieldsV1;
}

/**
 * Annotations and labels that people and tools set on live objects as requests, and that are never drift: those of this operator
 * and of other deployment tools, the restart of `kubectl rollout restart`, and those that the API server or kubectl sets itself.
 */
const REQUESTS: readonly RegExp[] = [
  /^f:kubectl\.kubernetes\.io\/(restartedAt|last-applied-configuration)$/,
  /^f:kubernetes\.io\/metadata\.name$/,
  /^f:gitops\.overseer\.io\//,
  /^f:argocd\.argoproj\.io\//,
  /^f:[a-z]+\.toolkit\.fluxcd\.io\//,
  /^f:reconcile\.fluxcd\.io\//,
  /^f:helm\.sh\/resource-policy$/,
  /^f:client\.lifecycle\.config\.k8s\.io\//,
  /^f:cli-utils\.sigs\.k8s\.io\//,
  /^f:configmanagement\.gke\.io\//,
  /^f:kapp\.k14s\.io\//,
  /^f:kluctl\.io\//,
];

/**
 * Returns what other field managers added to an object: fields that the app's entry lacks. Not counted: subresources (status,
 * scale), controllers of Kubernetes, `spec.replicas` (who leaves it out of Git lets others scale), finalizers and owner
 * references (they control the deletion), requests by annotation, and fields where Git is authoritative, which are drift anyway.
 * Undefined if there are none.
 */
export function addedFields(
  kind: Pick<GroupVersionKind, "group" | "kind">,
  mine: Pick<ManagedFieldsEntry, "fieldsV1" | "apiVersion"> | undefined,
  entries: readonly ManagedFieldsEntry[],
): readonly AddedFields[] | undefined {
  if (mine?.fieldsV1 === undefined) return undefined;
  const added: AddedFields[] = [];
  const roots = authoritativeRoots(kind) ?? [];
  for (const entry of entries) {
    if (entry === mine || !isMain(entry) || isController(entry)) continue;
    const root = atRoot(entry.fieldsV1 ?? {}, roots, entry.apiVersion === (mine.apiVersion ?? entry.apiVersion));
    const fields = beyond(root, mine.fieldsV1);
    if (fields !== undefined) added.push({ manager: entry.manager ?? "", time: entry.time, fields });
  }
  return added.length === 0 ? undefined : added;
}

/**
 * Drops what is never an addition at the root of an object. Fields at another API version may have other names there, so only
 * their metadata is compared.
 */
function atRoot(fields: FieldsV1, roots: readonly string[], sameVersion: boolean): FieldsV1 {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    if (step === "f:status" || roots.includes(step) || !(sameVersion || step === "f:metadata")) continue;
    const part = omit(child, NEVER[step] ?? []);
    // Without its children, a node would mean that the whole value was added.
    if (Object.keys(part).length > 0 || Object.keys(child).length === 0) result[step] = part;
  }
  return result;
}

const NEVER: Readonly<Record<string, readonly string[]>> = {
  "f:metadata": ["f:finalizers", "f:ownerReferences", "f:managedFields"],
  "f:spec": ["f:replicas"],
};

function omit(fields: FieldsV1, steps: readonly string[]): FieldsV1 {
  if (!steps.some((step) => step in fields)) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([step]) => !steps.includes(step)));
}

/**
 * Returns the part of a field set that is not in `owned`. A node that only says that its map exists (`.`) adds nothing, unless
 * it is the item of a list.
 */
function beyond(fields: FieldsV1, owned: FieldsV1 | undefined): FieldsV1 | undefined {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    if (step === ".") continue;
    const counterpart = owned === undefined ? undefined : find(owned, step);
    const leaf = Object.keys(child).length === 0;
    if (leaf) {
      if (counterpart === undefined && !isRequest(step)) result[step] = child;
      continue;
    }
    const deeper = beyond(child, counterpart);
    if (deeper !== undefined)
      result[step] = counterpart === undefined && "." in child ? { ".": {}, ...deeper } : deeper;
    else if (counterpart === undefined && step.startsWith("k:")) result[step] = { ".": {} };
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function find(fields: FieldsV1, step: string): FieldsV1 | undefined {
  // Keys and values of lists are JSON, which may be written in several ways.
  return fields[step] ?? (step.startsWith("f:") ? undefined : childOf(fields, step));
}

function isRequest(step: string): boolean {
  return step.includes("/") && REQUESTS.some((pattern) => pattern.test(step));
}

/** Which additions are drift: a policy, and the field managers that the operator knows. */
export interface AdditionsPolicy {
  /** `sync.additions` of the app. */
  readonly mode: Additions;
  readonly managers: KnownManagers;
  /** `sync.ignoreDifferences` of the app. */
  readonly ignored: readonly IgnoreRule[];
  /** Whether fields of deployment tools are taken over: `sync.adopt` is `Always`. */
  readonly tools: boolean;
}

/**
 * Returns the additions to an object that a policy reverts or reports: those of people, or with `RevertAll` those of all field
 * managers except known controllers; without ignored fields. Undefined if there are none.
 */
export function driftOf(
  added: readonly AddedFields[] | undefined,
  id: ObjectId,
  { mode, managers, ignored }: AdditionsPolicy,
): readonly AddedFields[] | undefined {
  if (added === undefined || mode === "Keep") return undefined;
  const rules = ignoredFields(ignored, id);
  const drift = added.flatMap(({ manager, time, fields }) => {
    const counts = mode === "RevertAll" ? !managers.isController(manager) : managers.isUser(manager);
    if (!counts || rules?.managers.includes(manager)) return [];
    const left = rules === undefined ? fields : withoutIgnored(fields, rules);
    return left === undefined ? [] : [{ manager, time, fields: left }];
  });
  return drift.length === 0 ? undefined : drift;
}

/** Whether an app takes over the fields that deployment tools have on an object. Those of managers that are ignored are left alone. */
export function takesFrom(
  managers: readonly string[] | undefined,
  id: ObjectId,
  { tools, ignored }: AdditionsPolicy,
): boolean {
  if (managers === undefined || !tools) return false;
  const rules = ignoredFields(ignored, id);
  return managers.some((manager) => rules?.managers.includes(manager) !== true);
}

/** Returns the additions that are reverted; undefined if there are none. */
export function revertedOf(
  added: readonly AddedFields[] | undefined,
  id: ObjectId,
  policy: AdditionsPolicy,
): readonly AddedFields[] | undefined {
  return policy.mode === "Report" ? undefined : driftOf(added, id, policy);
}

/** Returns the part of a field set that a value, such as a document, lacks. */
export function missingIn(fields: FieldsV1, value: unknown): FieldsV1 {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    if (step === ".") continue;
    const found = follow(step, value);
    const deeper = found === undefined ? child : missingIn(child, found);
    if (found === undefined || Object.keys(deeper).length > 0) result[step] = deeper;
  }
  return result;
}

/** Returns all fields of additions as one set. */
export function unionOf(added: readonly AddedFields[] | undefined): FieldsV1 {
  return (added ?? []).reduce<FieldsV1>((sum, { fields }) => union(sum, fields), {});
}
