import {
  ANNOTATION_HOOK,
  ANNOTATION_HOOK_DELETE_POLICY,
  ANNOTATION_HOOK_TIMEOUT,
  ANNOTATION_WAVE,
} from "../api/group.js";
import { HOOK_PHASES, type HookPhase } from "../api/hook.js";
import { parseDuration } from "../base/duration.js";
import { canonicalJson, type Json, sha256 } from "../base/hash.js";
import type { Document } from "./document.js";
import type { Metadata } from "./keep-annotations.js";
import { isRecord } from "./shape.js";
import { parseWave, waveOf } from "./wave.js";

/** When the object of a hook is deleted. */
export type HookDeletePolicy = "BeforeHookCreation" | "HookSucceeded" | "HookFailed";

/** How a document runs as a hook. */
export interface HookSpec {
  readonly phases: readonly HookPhase[];
  /** BeforeHookCreation always applies: an earlier object has to go before the next one is created. */
  readonly deletePolicies: readonly HookDeletePolicy[];
  /** Milliseconds after which it has failed; undefined for `health.timeout`. */
  readonly timeoutMs: number | undefined;
  /** Its wave among the hooks of the phase. */
  readonly wave: number;
}

/** A document that runs as a hook. */
export interface Hook {
  readonly document: Document;
  readonly spec: HookSpec;
}

/** A hook as annotated. */
export interface HookAnnotation {
  readonly key: string;
  readonly value: string;
  /** Undefined if the object is applied like any other, or not at all. */
  readonly hook: HookSpec | undefined;
  /** Phases that do not exist here, as written. */
  readonly unknown: readonly string[];
  /** Invalid values, one message for each. */
  readonly problems: readonly string[];
}

/** The annotations of one tool. */
interface Dialect {
  readonly hook: string;
  readonly deletePolicy: string;
  readonly phases: Readonly<Record<string, HookPhase>>;
  readonly policies: Readonly<Record<string, HookDeletePolicy>>;
  readonly wave: (metadata: Metadata) => number;
}

const POLICIES: Readonly<Record<string, HookDeletePolicy>> = {
  BeforeHookCreation: "BeforeHookCreation",
  HookSucceeded: "HookSucceeded",
  HookFailed: "HookFailed",
};
const PHASES = Object.fromEntries(HOOK_PHASES.map((phase) => [phase, phase]));

/** Annotations that make a document a hook, ours first. The first one that is present counts. */
const DIALECTS: readonly Dialect[] = [
  {
    hook: ANNOTATION_HOOK,
    deletePolicy: ANNOTATION_HOOK_DELETE_POLICY,
    phases: PHASES,
    policies: POLICIES,
    wave: waveOf,
  },
  {
    hook: "argocd.argoproj.io/hook",
    deletePolicy: "argocd.argoproj.io/hook-delete-policy",
    phases: PHASES,
    policies: POLICIES,
    wave: waveOf,
  },
  {
    hook: "helm.sh/hook",
    deletePolicy: "helm.sh/hook-delete-policy",
    phases: {
      "pre-install": "PreSync",
      "pre-upgrade": "PreSync",
      "post-install": "PostSync",
      "post-upgrade": "PostSync",
      "pre-delete": "PreDelete",
      "post-delete": "PostDelete",
    },
    policies: {
      "before-hook-creation": "BeforeHookCreation",
      "hook-succeeded": "HookSucceeded",
      "hook-failed": "HookFailed",
    },
    wave: ({ annotations = {} }) =>
      annotations[ANNOTATION_WAVE] === undefined
        ? (parseWave(annotations["helm.sh/hook-weight"] ?? "") ?? 0)
        : waveOf({ annotations }),
  },
];

/** Keys of all annotations of hooks. */
export const HOOK_KEYS: readonly string[] = [
  ...DIALECTS.flatMap(({ hook, deletePolicy }) => [hook, deletePolicy]),
  ANNOTATION_HOOK_TIMEOUT,
  "helm.sh/hook-weight",
];

/** Returns the annotation that makes a document a hook; undefined without one. */
export function hookAnnotation(metadata: Metadata): HookAnnotation | undefined {
  const { annotations } = metadata;
  if (annotations === undefined) return undefined;
  const dialect = DIALECTS.find(({ hook }) => annotations[hook] !== undefined);
  if (dialect === undefined) return undefined;
  const value = annotations[dialect.hook] ?? "";
  const written = listOf(value);
  const phases = [...new Set(written.flatMap((phase) => dialect.phases[phase] ?? []))];
  const unknown = written.filter((phase) => dialect.phases[phase] === undefined);
  const policies = listOf(annotations[ANNOTATION_HOOK_DELETE_POLICY] ?? annotations[dialect.deletePolicy] ?? "");
  const known = { ...POLICIES, ...dialect.policies };
  const deletePolicies = [...new Set(policies.flatMap((policy) => known[policy] ?? []))];
  const timeout = annotations[ANNOTATION_HOOK_TIMEOUT];
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  const problems = [
    ...policies
      .filter((policy) => known[policy] === undefined)
      .map(
        (policy) =>
          `the delete policy ${JSON.stringify(policy)} of a hook must be one of ${Object.keys(dialect.policies).join(", ")}`,
      ),
    ...(timeout !== undefined && !timeoutMs
      ? [
          `annotation ${ANNOTATION_HOOK_TIMEOUT} is ${JSON.stringify(timeout)}: must be a duration such as 30s, 5m or 1h30m`,
        ]
      : []),
  ];
  const hook = { phases, deletePolicies, timeoutMs, wave: dialect.wave(metadata) };
  return {
    key: dialect.hook,
    value: written.join(","),
    hook: phases.length === 0 ? undefined : hook,
    unknown,
    problems,
  };
}

function listOf(value: string): string[] {
  return value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Maximum length of the generated part of a name: with the hash, it fits into a label. */
const MAX_PREFIX = 54;

/**
 * Names a hook that has only `metadata.generateName`, as hooks of Argo CD may: by a hash of its content, so that the name is the same
 * each time. Returns anything else as it is.
 */
export function nameHook(value: unknown): unknown {
  if (!isRecord(value) || !isRecord(value.metadata)) return value;
  const { generateName, ...metadata } = value.metadata;
  if (typeof generateName !== "string" || (metadata.name !== undefined && metadata.name !== null)) return value;
  const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
  const isText = Object.values(annotations).every((text) => typeof text === "string");
  if (!isText || hookAnnotation({ annotations: annotations as Record<string, string> })?.hook === undefined)
    return value;
  const name = `${generateName.slice(0, MAX_PREFIX)}${sha256(canonicalJson(value as Json), 8)}`;
  return { ...value, metadata: { ...metadata, name } };
}
