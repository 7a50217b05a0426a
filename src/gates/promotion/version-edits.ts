import {
  editText,
  scalarAt,
  type TextEdit,
  type TextMap,
  type TextNode,
  textNodes,
} from "../../manifest/yaml/text-nodes.js";
import { type CarriedVersion, readVersion, type Version, versionText } from "./carried-versions.js";

/** A file of the repository that may be edited. */
export interface EditableFile {
  readonly path: string;
  readonly text: string;
  /** Only documents of kind OverseerApp of this app are edited: the file belongs to the parent of the app. */
  readonly onlyApp?: { readonly namespace: string; readonly name: string };
}

/** Files with other versions. */
export interface EditedFiles {
  /** New content by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly carried: readonly CarriedVersion[];
  /** Versions that no file has in a place that can be edited. */
  readonly missing: readonly CarriedVersion[];
}

/**
 * Writes versions into the files of an app: fields `image`, maps with `repository` and `tag` or `digest` as in values of Helm, `images` of
 * kustomizations, and `helmCharts` and `chart` with `name` and `version`. Only values that equal the earlier version are replaced. Files that
 * are not YAML, such as templates, and files that SOPS has encrypted are left as they are.
 */
export function editVersions(files: readonly EditableFile[], versions: readonly CarriedVersion[]): EditedFiles {
  const edited: Record<string, string> = {};
  const done = new Set<CarriedVersion>();
  for (const { path, text, onlyApp } of files) {
    const edits: TextEdit[] = [];
    for (const document of textNodes(text) ?? []) {
      if (document.kind !== "Map" || document.entries.has("sops")) continue;
      if (onlyApp !== undefined && !isApp(document, onlyApp)) continue;
      visit(document, "", (map, parent) => {
        for (const version of versions) {
          const found =
            version.to.kind === "Chart" ? chartEdits(map, parent, version) : imageEdits(map, parent, version);
          if (found.length > 0) done.add(version);
          edits.push(...found);
        }
      });
    }
    if (edits.length > 0) edited[path] = editText(text, edits);
  }
  return {
    files: edited,
    carried: versions.filter((version) => done.has(version)),
    missing: versions.filter((version) => !done.has(version)),
  };
}

function isApp(document: TextMap, { namespace, name }: NonNullable<EditableFile["onlyApp"]>): boolean {
  const metadata = document.entries.get("metadata");
  const own = scalarAt(metadata, "namespace")?.value;
  const isNamed = scalarAt(metadata, "name")?.value === name && (own === undefined || own === namespace);
  return isNamed && scalarAt(document, "kind")?.value === "OverseerApp";
}

/** Calls `each` with every mapping and the key of the field that holds it, or the list it is in. */
function visit(node: TextNode, parent: string, each: (map: TextMap, parent: string) => void): void {
  if (node.kind === "List") for (const item of node.items) visit(item, parent, each);
  if (node.kind !== "Map") return;
  each(node, parent);
  for (const [key, value] of node.entries) visit(value, key, each);
}

function imageEdits(map: TextMap, parent: string, { from, to }: CarriedVersion): TextEdit[] {
  const image = scalarAt(map, "image");
  if (image?.isEditable && isSame(readVersion(image.value), from)) {
    const written = readVersion(image.value)?.name ?? to.name;
    return [{ scalar: image, value: versionText({ ...to, name: written }) }];
  }
  const isOverride = parent === "images";
  const name = isOverride ? (scalarAt(map, "newName") ?? scalarAt(map, "name"))?.value : repositoryOf(map);
  if (name === undefined || plainName(name) !== plainName(from.name)) return [];
  const parts = [
    [scalarAt(map, isOverride ? "newTag" : "tag"), from.tag, to.tag],
    [scalarAt(map, "digest"), from.digest, to.digest],
  ] as const;
  const edits: TextEdit[] = [];
  for (const [scalar, before, after] of parts) {
    // What stands there must be what is deployed, in the same form.
    if ((scalar?.value ?? "") !== (before ?? "") || (before === undefined) !== (after === undefined)) return [];
    if (before === after) continue;
    if (!scalar?.isEditable || after === undefined) return [];
    edits.push({ scalar, value: after });
  }
  return edits;
}

function chartEdits(map: TextMap, parent: string, { from, to }: CarriedVersion): TextEdit[] {
  if (parent !== "helmCharts" && parent !== "chart") return [];
  const version = scalarAt(map, "version");
  if (scalarAt(map, "name")?.value !== from.name || version?.value !== from.tag) return [];
  return version?.isEditable && to.tag !== undefined ? [{ scalar: version, value: to.tag }] : [];
}

function repositoryOf(map: TextMap): string | undefined {
  const repository = scalarAt(map, "repository")?.value;
  const registry = scalarAt(map, "registry")?.value;
  return repository === undefined || !registry ? repository : `${registry}/${repository}`;
}

function isSame(one: Version | undefined, other: Version): boolean {
  return (
    one !== undefined &&
    versionText({ ...one, name: plainName(one.name) }) === versionText({ ...other, name: plainName(other.name) })
  );
}

/** Names of Docker Hub have several forms. */
function plainName(name: string): string {
  return name.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
}
