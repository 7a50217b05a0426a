import { ANNOTATION_RESTORED_POLICY } from "../../api/group.js";
import { canonicalJson } from "../../base/hash.js";
import { isRecord } from "../../manifest/shape.js";
import type { BackupObject } from "./backup.js";
import { mergeDifference } from "./merge-difference.js";

/** A rollback that an app was kept at. */
export interface RestoredPin {
  /** Name of the Change that rolled the app back, or that failed. */
  readonly change: string;
  readonly requester?: string;
  readonly commit: string;
}

/** The parts of a spec that a restored object gets again at the end. */
interface RestoredPolicy {
  /** Undefined: the app had no ref of its own. */
  readonly ref?: unknown;
  readonly mode?: unknown;
  readonly prune?: unknown;
  readonly selfHeal?: unknown;
  readonly adopt?: unknown;
  /** The whole source, if what was applied had another one. */
  readonly source?: unknown;
  /** The commit that was applied, if the app stays at a tag. */
  readonly commit?: unknown;
  readonly pin?: unknown;
  /** Of an OverseerAppSet. */
  readonly suspend?: unknown;
}

/**
 * Returns the manifest that is created for an object. An app stays at the commit and source that it had applied, applies nothing by itself,
 * deletes nothing, and adopts what exists; a set of apps is suspended, since it would write its apps again. What they had is kept in an
 * annotation. Undefined for records of the past: Changes and Approvals. `all`: the whole backup, with the repositories of apps.
 */
export function restoredManifest(object: BackupObject, all: readonly BackupObject[] = []): BackupObject | undefined {
  const { apiVersion, kind, metadata, spec = {} } = object;
  if (kind === "Change" || kind === "Approval") return undefined;
  const { creationTimestamp: _, ...kept } = metadata;
  const calmed = kind === "OverseerApp" ? calmApp(object, all) : kind === "OverseerAppSet" ? calmSet(spec) : undefined;
  if (calmed === undefined) return { apiVersion, kind, metadata: kept, spec };
  const annotations = { ...kept.annotations, [ANNOTATION_RESTORED_POLICY]: JSON.stringify(calmed.policy) };
  return { apiVersion, kind, metadata: { ...kept, annotations }, spec: calmed.spec };
}

interface Calmed {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly policy: RestoredPolicy;
}

function calmApp(object: BackupObject, all: readonly BackupObject[]): Calmed {
  const { spec = {}, status = {} } = object;
  const own = isRecord(spec.source) ? spec.source : {};
  const sync = isRecord(spec.sync) ? spec.sync : {};
  const { mode, prune, selfHeal, adopt } = sync;
  const pinned = pinOf(status.pin);
  const applied = isRecord(status.applied) ? status.applied : {};
  const commit = pinned?.pin.commit ?? applied.commit;
  const then = pinned === undefined ? applied.source : pinned.source;
  const source = isRecord(then) ? then : own;
  const tag = pinned === undefined ? tagOf(object, all) : undefined;
  const ref = tag === undefined ? { commit } : { tag };
  const policy: RestoredPolicy = {
    ...{ ref: own.ref, mode, prune, selfHeal, adopt },
    ...(pinned === undefined ? {} : { pin: pinned.pin }),
    ...(canonicalJson(source) === canonicalJson(own) ? {} : { source: own }),
    ...(tag === undefined ? {} : { commit }),
  };
  return {
    spec: {
      ...spec,
      source: typeof commit === "string" ? { ...source, ref } : source,
      sync: { ...sync, mode: "Manual", prune: false, selfHeal: false },
    },
    policy,
  };
}

/** Returns the tag that an app had applied, if it followed tags: only those can be verified where tags are signed. */
function tagOf({ metadata, spec = {}, status = {} }: BackupObject, all: readonly BackupObject[]): string | undefined {
  const { source } = spec;
  if (!isRecord(source) || !isRecord(status.applied)) return undefined;
  const { name, namespace = metadata.namespace } = isRecord(source.repositoryRef) ? source.repositoryRef : {};
  const repository = all.find(
    ({ kind, metadata: of }) => kind === "GitRepository" && of.name === name && of.namespace === namespace,
  );
  const ref = source.ref ?? repository?.spec?.ref;
  if (!isRecord(ref) || (ref.tag === undefined && ref.semver === undefined)) return undefined;
  return /^(.+)@sha1:[0-9a-f]+$/.exec(String(status.applied.revision))?.[1];
}

function calmSet(spec: Readonly<Record<string, unknown>>): Calmed {
  return { spec: { ...spec, suspend: true }, policy: { suspend: spec.suspend === true } };
}

/** Reads `status.pin`: the rollback, and the source that the app had at that time. */
function pinOf(pin: unknown): { readonly pin: RestoredPin; readonly source?: Record<string, unknown> } | undefined {
  if (!isRecord(pin) || !isRecord(pin.inputs) || typeof pin.inputs.commit !== "string") return undefined;
  const { commit, source } = pin.inputs;
  return {
    pin: {
      change: String(pin.change),
      ...(typeof pin.requester === "string" ? { requester: pin.requester } : {}),
      commit,
    },
    ...(isRecord(source) ? { source } : {}),
  };
}

/** What is read of a restored object. */
export interface RestoredObject {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
}

/** How a restored object gets its policy again. */
export interface PolicyReturn {
  /** The merge patch. */
  readonly patch: object;
  /** The rollback that the app stays at. Its annotation stays too, so that the rollback can be ended later. */
  readonly keptAt?: RestoredPin;
}

/**
 * Returns the merge patch that gives a restored app, or a set of apps, the policy that it had. An app that was rolled back stays at that
 * commit, unless the rollback is ended. Undefined if the annotation is missing or wrong.
 */
export function returnPolicy(object: RestoredObject, endRollback = false): PolicyReturn | undefined {
  const policy = policyOf(object);
  if (policy === undefined) return undefined;
  const done = { annotations: { [ANNOTATION_RESTORED_POLICY]: null } };
  if (policy.suspend !== undefined) return { patch: { metadata: done, spec: { suspend: policy.suspend === true } } };
  const { ref, mode, prune, selfHeal } = policy;
  const sync = { mode: mode ?? null, prune: prune ?? null, selfHeal: selfHeal ?? null };
  const keptAt = endRollback ? undefined : keptPin(policy.pin);
  if (keptAt !== undefined) return { patch: { spec: { sync } }, keptAt };
  const live = isRecord(object.spec) && isRecord(object.spec.source) ? object.spec.source : {};
  const { ref: _, ...rest } = isRecord(policy.source) ? policy.source : live;
  const wanted = isRecord(ref) ? { ...rest, ref } : rest;
  return { patch: { metadata: done, spec: { source: mergeDifference(live, wanted), sync } } };
}

/** Returns the commit that a restored app has to have at its tag, if it stays at one. */
export function restoredCommit(object: RestoredObject): string | undefined {
  const commit = policyOf(object)?.commit;
  return typeof commit === "string" ? commit : undefined;
}

/** Returns the rollback that a restored app is kept at, if any. */
export function restoredPin(object: RestoredObject): RestoredPin | undefined {
  return keptPin(policyOf(object)?.pin);
}

function policyOf({ metadata: { annotations = {} } }: RestoredObject): RestoredPolicy | undefined {
  try {
    const policy: unknown = JSON.parse(annotations[ANNOTATION_RESTORED_POLICY] ?? "");
    return isRecord(policy) ? policy : undefined;
  } catch {
    return undefined;
  }
}

function keptPin(pin: unknown): RestoredPin | undefined {
  if (!isRecord(pin) || typeof pin.change !== "string" || typeof pin.commit !== "string") return undefined;
  const { change, commit, requester } = pin;
  return { change, commit, ...(typeof requester === "string" ? { requester } : {}) };
}
