import { ANNOTATION_WAVE } from "../api/group.js";
import type { Metadata } from "./keep-annotations.js";
import type { ObjectId, ObjectKey } from "./object-id.js";

/** Argo CD's annotation for the same, which is honored where ours is missing. */
export const ARGO_WAVE = "argocd.argoproj.io/sync-wave";

/** The largest wave, and its negative the smallest: a nine-digit integer fits every place that a wave is written to. */
const MAX_WAVE = 999_999_999;

/** A wave as annotated. */
export interface WaveAnnotation {
  readonly key: string;
  readonly value: string;
  /** Undefined if the value is not an integer. */
  readonly wave: number | undefined;
}

/** Returns the annotation that decides about the wave of an object, ours first; undefined without one. */
export function waveAnnotation({ annotations }: Metadata): WaveAnnotation | undefined {
  if (annotations === undefined) return undefined;
  for (const key of [ANNOTATION_WAVE, ARGO_WAVE]) {
    const value = annotations[key];
    if (value !== undefined) return { key, value, wave: parseWave(value) };
  }
  return undefined;
}

/** Returns the wave of an object by its annotations; 0 without one, or if the value is not an integer. */
export function waveOf(metadata: Metadata): number {
  return waveAnnotation(metadata)?.wave ?? 0;
}

/** Parses an integer, as Argo CD and Helm read it. */
export function parseWave(value: string): number | undefined {
  if (!/^[+-]?\d+$/.test(value)) return undefined;
  const wave = Number(value);
  return Math.abs(wave) <= MAX_WAVE ? wave + 0 : undefined;
}

/** An object and its wave. */
export interface InWave {
  readonly id: ObjectId;
  readonly key: ObjectKey;
  readonly wave: number;
}

/**
 * Returns the effective wave of each object, by key; empty if all are in wave 0. A Namespace is at the latest in the first wave
 * of the objects that it contains, and a CustomResourceDefinition in that of its custom resources: they cannot exist without.
 */
export function effectiveWaves(objects: readonly InWave[]): ReadonlyMap<ObjectKey, number> {
  const waves = new Map<ObjectKey, number>();
  if (objects.every(({ wave }) => wave === 0)) return waves;
  const first = new Map<string, number>();
  for (const { id, wave } of objects)
    for (const place of [`namespace ${id.namespace}`, `group ${id.group}`])
      first.set(place, Math.min(first.get(place) ?? wave, wave));
  for (const { id, key, wave } of objects) waves.set(key, Math.min(wave, first.get(contentOf(id)) ?? wave));
  return waves;
}

/** Returns the place whose objects need an object: its namespace, or the API group that it defines. */
function contentOf({ group, kind, name }: ObjectId): string {
  if (group === "" && kind === "Namespace") return `namespace ${name}`;
  const defines = group === "apiextensions.k8s.io" && kind === "CustomResourceDefinition";
  return defines ? `group ${name.slice(name.indexOf(".") + 1)}` : "";
}
