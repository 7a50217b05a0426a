import type { IgnoreRule } from "../../api/ignore-differences.js";
import { canonicalJson, sha256 } from "../../base/hash.js";
import type { Document, IgnoredFields, PathSegment } from "../document.js";
import { ExpressionError } from "../expressions/expression.js";
import type { ObjectId } from "../object-id.js";
import { parseCelPath } from "./cel-path.js";

interface Selector {
  readonly group: string;
  readonly kind: string;
  readonly jsonPointers: readonly string[];
  readonly celPaths?: readonly string[];
}

const CA_BUNDLE = ["/webhooks/*/clientConfig/caBundle"];

const PRESETS: Readonly<Record<NonNullable<IgnoreRule["preset"]>, readonly Selector[]>> = {
  AutoscaledReplicas: ["Deployment", "StatefulSet", "ReplicaSet"].map((kind) => ({
    ...{ group: "apps", kind },
    jsonPointers: ["/spec/replicas"],
  })),
  InjectedCABundles: [
    { group: "admissionregistration.k8s.io", kind: "ValidatingWebhookConfiguration", jsonPointers: CA_BUNDLE },
    { group: "admissionregistration.k8s.io", kind: "MutatingWebhookConfiguration", jsonPointers: CA_BUNDLE },
    {
      group: "apiextensions.k8s.io",
      kind: "CustomResourceDefinition",
      jsonPointers: ["/spec/conversion/webhook/clientConfig/caBundle"],
    },
    { group: "apiregistration.k8s.io", kind: "APIService", jsonPointers: ["/spec/caBundle"] },
  ],
};

/** Returns the fields of an object that rules leave alone; undefined if there are none. */
export function ignoredFields(
  rules: readonly IgnoreRule[] | undefined,
  id: Pick<ObjectId, "group" | "kind" | "namespace" | "name">,
): IgnoredFields | undefined {
  const pointers = new Map<string, readonly PathSegment[]>();
  const managers = new Set<string>();
  for (const rule of rules ?? []) {
    if (!matches(rule.name, id.name) || !matches(rule.namespace, id.namespace)) continue;
    for (const { group, kind, jsonPointers, celPaths } of selectorsOf(rule)) {
      if ((group ?? id.group) !== id.group || (kind ?? id.kind) !== id.kind) continue;
      for (const pointer of jsonPointers ?? []) pointers.set(pointer, segmentsOf(pointer));
      for (const path of celPaths ?? []) {
        const parsed = parsedPath(path);
        if (!(parsed instanceof ExpressionError)) pointers.set(path, parsed);
      }
      for (const manager of rule.managers ?? []) managers.add(manager);
    }
  }
  if (pointers.size === 0 && managers.size === 0) return undefined;
  const paths = [...pointers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  return { pointers: paths, managers: [...managers].sort() };
}

/**
 * Returns the documents with the fields that rules leave alone. They are part of the hash: an object is written again when the rules
 * change.
 */
export function withIgnored(
  rules: readonly IgnoreRule[] | undefined,
  documents: readonly Document[],
): readonly Document[] {
  if (rules === undefined || rules.length === 0) return documents;
  return documents.map((document) => {
    const ignored = ignoredFields(rules, document.id);
    if (ignored === undefined) return document;
    return { ...document, ignored, hash: sha256(canonicalJson([document.hash, ignored]), 32) };
  });
}

/** Returns what is wrong with the first invalid CEL path of rules; undefined if all are valid. */
export function celPathProblem(rules: readonly IgnoreRule[]): string | undefined {
  for (const [index, { celPaths = [] }] of rules.entries())
    for (const [at, path] of celPaths.entries()) {
      const parsed = parsedPath(path);
      if (parsed instanceof ExpressionError)
        return `spec.sync.ignoreDifferences[${index}].celPaths[${at}]: ${parsed.message}`;
    }
  return undefined;
}

/** An app with an invalid path is not synced (see `celPathProblem`), but still observed. */
function parsedPath(path: string): readonly PathSegment[] | ExpressionError {
  try {
    return parseCelPath(path);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

function selectorsOf(rule: IgnoreRule): readonly Partial<Selector>[] {
  if (rule.preset !== undefined) return PRESETS[rule.preset];
  const { group, kind, jsonPointers = [], celPaths = [] } = rule;
  return [
    { jsonPointers, celPaths, ...(group === undefined ? {} : { group }), ...(kind === undefined ? {} : { kind }) },
  ];
}

function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}

function segmentsOf(pointer: string): string[] {
  return pointer
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}
