import { randomBytes } from "node:crypto";
import type { SourcePatch } from "../../api/renderers.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import { idOf } from "../../manifest/to-document.js";

/** Patches that ask Kustomize which targets select documents. */
export interface Probe {
  readonly patches: readonly SourcePatch[];
  /** Indexes of the patches in question. */
  readonly indexes: readonly number[];
  /** Prefix of the annotations that mark selected documents. */
  readonly mark: string;
}

/**
 * Indexes of the patches with a target that may select nothing. A target is proven by a document with exactly its values; what
 * its regular expressions and selectors match is for Kustomize to say.
 */
export function unproven(patches: readonly SourcePatch[], documents: readonly PreparedDocument[]): number[] {
  return patches.flatMap(({ target }, index) => {
    if (target === undefined) return [];
    const { labelSelector, annotationSelector, ...rest } = target;
    const fields = Object.entries(rest);
    const isProven =
      !labelSelector &&
      !annotationSelector &&
      fields.every(([, value]) => /^[\w.-]*$/.test(value ?? "")) &&
      documents.some(({ object }) => {
        const id: Readonly<Record<string, unknown>> = { ...idOf(object) };
        return fields.every(([field, value]) => value === "" || id[field] === value);
      });
    return isProven ? [] : [index];
  });
}

/** The same patches, and before each one in question a patch with its target that only adds an annotation. */
export function probing(patches: readonly SourcePatch[], indexes: readonly number[]): Probe {
  const mark = `probe-${randomBytes(8).toString("hex")}`;
  const probes = patches.flatMap((patch, index): SourcePatch[] => {
    const annotations = { [`${mark}/p${index}`]: "" };
    const asking = { apiVersion: "v1", kind: "Probe", metadata: { name: "probe", annotations } };
    return [
      ...(indexes.includes(index) ? [{ ...patch, patch: JSON.stringify(asking) }] : []),
      ...(removesMarks(patch) ? [] : [patch]),
    ];
  });
  return { patches: probes, indexes, mark };
}

/** Indexes of the patches in question that selected nothing, by the output of Kustomize. */
export function probed({ indexes, mark }: Probe, output: string): number[] {
  return indexes.filter((index) => !output.includes(`${mark}/p${index}:`));
}

function removesMarks({ patch }: SourcePatch): boolean {
  return patch.includes("$patch") || patch.includes("/metadata/annotations") || /\/metadata["'\s,}]/.test(patch);
}
