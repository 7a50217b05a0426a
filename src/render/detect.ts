import { RENDERER_KINDS, type RendererKind, type RendererSettings } from "../api/renderers.js";
import { nameOf, parentOf } from "./repository-path.js";

/** The kind that a source asks for; undefined where its files decide. */
export function askedKind(source: RendererSettings): RendererKind | undefined {
  return RENDERER_KINDS.find((kind) => source[kind] !== undefined);
}

/** A file that says how its folder is to be rendered. */
export interface Marker {
  readonly kind: "kustomize" | "helm";
  /** Path of the file, relative to the source. */
  readonly path: string;
}

/** What a source is. */
export interface Detection {
  readonly kind: RendererKind;
  /** The file that says so; undefined for plain manifests. */
  readonly marker: Marker | undefined;
  /** Markers in folders below: a part of what the renderer reads, or, below plain manifests, something it cannot read. */
  readonly nested: readonly Marker[];
}

/** File names that `kustomize build` looks for, in its order, and the one of Helm, with what they make of their folder. */
export const MARKERS: ReadonlyMap<string, Marker["kind"]> = new Map([
  ["kustomization.yaml", "kustomize"],
  ["kustomization.yml", "kustomize"],
  ["Kustomization", "kustomize"],
  ["Chart.yaml", "helm"],
]);

/**
 * Detects by file names what a folder holds. The folder itself decides; a kustomization beside a chart wins, because
 * kustomize can render charts and Helm no kustomizations. `paths` are those that the source selected: excluding the
 * marker makes a folder plain.
 */
export function detect(paths: readonly string[]): Detection {
  const markers: Marker[] = paths.flatMap((path) => {
    const kind = MARKERS.get(nameOf(path));
    return kind ? [{ kind, path }] : [];
  });
  const own = markers.filter((marker) => parentOf(marker.path) === "");
  const marker = own.find(({ kind }) => kind === "kustomize") ?? own[0];
  return {
    kind: marker?.kind ?? "plain",
    marker,
    nested: markers.filter((candidate) => parentOf(candidate.path) !== ""),
  };
}
