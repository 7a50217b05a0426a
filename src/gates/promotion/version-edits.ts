import { setImmediate as otherWork } from "node:timers/promises";
import {
  editText,
  scalarAt,
  type TextEdit,
  type TextMap,
  type TextNode,
  textNodes,
} from "../../manifest/yaml/text-nodes.js";
import {
  type CarriedVersion,
  plainName,
  plainVersionText,
  readVersion,
  type Version,
  versionText,
} from "./carried-versions.js";

/** A file of the repository that may be edited. */
export interface EditableFile {
  readonly path: string;
  readonly text: string;
  /** Only the document of this app is edited: the file belongs to the parent of the app. */
  readonly onlyApp?: OnlyApp;
}

/** An app whose document may be edited in files that have those of others. */
export interface OnlyApp {
  readonly namespace: string;
  readonly name: string;
  /** Whether a document without metadata.namespace may be of another app. */
  readonly isNamespaceRequired: boolean;
}

/** Files with other versions. */
export interface EditedFiles {
  /** New content by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly carried: readonly CarriedVersion[];
  /** Versions that no file has in a place that can be edited, and those that want different values in one place. */
  readonly missing: readonly CarriedVersion[];
}

/** An edit of a file, and the version that it is for. */
interface VersionEdit extends TextEdit {
  readonly path: string;
  readonly version: CarriedVersion;
}

/**
 * Reports whether a file may have a place to edit, without parsing it: values are replaced only where they are written as they are. In a file
 * of the parent, every document of the app counts, so that it is known whether there are several.
 */
export function mayHaveVersions(text: string, versions: readonly CarriedVersion[], onlyApp?: OnlyApp): boolean {
  if (onlyApp !== undefined) return text.includes("OverseerApp") && text.includes(onlyApp.name);
  return versions.some(({ from }) => text.includes(from.tag ?? "") && text.includes(from.digest ?? ""));
}

/**
 * Writes versions into the files of an app: fields `image`, maps with `repository` and `tag` or `digest` as in values of Helm, `images` of
 * kustomizations, and `helmCharts` and `chart` with `name` and `version`. Only values that equal the earlier version are replaced. Files that
 * are not YAML, such as templates, and files that SOPS has encrypted are left as they are. Other work runs between two files.
 */
export async function editVersions(
  files: readonly EditableFile[],
  versions: readonly CarriedVersion[],
): Promise<EditedFiles> {
  const edits: VersionEdit[] = [];
  const named: NamedDocument[] = [];
  for (const { path, text, onlyApp } of files) {
    await otherWork();
    for (const document of textNodes(text) ?? []) {
      if (document.kind !== "Map" || document.entries.has("sops")) continue;
      if (onlyApp === undefined) edits.push(...editsOf(document, path, versions));
      else if (isNamed(document, onlyApp)) named.push({ document, path, onlyApp });
    }
  }
  for (const { document, path } of documentsOfApp(named)) edits.push(...editsOf(document, path, versions));
  const disputed = disputedVersions(edits);
  const kept = edits.filter(({ version }) => !disputed.has(version));
  const done = new Set(kept.map(({ version }) => version));
  const edited: Record<string, string> = {};
  for (const { path, text } of files) {
    const own = kept.filter((edit) => edit.path === path);
    if (own.length > 0) edited[path] = editText(text, own);
  }
  return {
    files: edited,
    carried: versions.filter((version) => done.has(version)),
    missing: versions.filter((version) => !done.has(version)),
  };
}

function editsOf(document: TextMap, path: string, versions: readonly CarriedVersion[]): VersionEdit[] {
  const edits: VersionEdit[] = [];
  visit(document, "", (map, parent) => {
    for (const version of versions) {
      const found = version.to.kind === "Chart" ? chartEdits(map, parent, version) : imageEdits(map, parent, version);
      for (const edit of found) edits.push({ ...edit, path, version });
    }
  });
  return edits;
}

/** Returns the versions that want different values for one scalar: none of them is certain. */
function disputedVersions(edits: readonly VersionEdit[]): ReadonlySet<CarriedVersion> {
  const first = new Map<string, VersionEdit>();
  const disputed = new Set<CarriedVersion>();
  for (const edit of edits) {
    const place = `${edit.scalar.start} ${edit.path}`;
    const other = first.get(place);
    if (other === undefined) first.set(place, edit);
    else if (other.value !== edit.value) disputed.add(other.version).add(edit.version);
  }
  return disputed;
}

/** A document that has the kind and the name of an app. */
interface NamedDocument {
  readonly document: TextMap;
  readonly path: string;
  readonly onlyApp: OnlyApp;
}

function isNamed(document: TextMap, { name }: OnlyApp): boolean {
  return (
    scalarAt(document, "kind")?.value === "OverseerApp" &&
    scalarAt(document.entries.get("metadata"), "name")?.value === name
  );
}

/** Returns the documents of the app: with its namespace, or else the only one that has none. */
function documentsOfApp(named: readonly NamedDocument[]): readonly NamedDocument[] {
  const namespaceOf = ({ document }: NamedDocument): string | undefined =>
    scalarAt(document.entries.get("metadata"), "namespace")?.value;
  const own = named.filter((one) => namespaceOf(one) === one.onlyApp.namespace);
  if (own.length > 0) return own;
  const without = named.filter((one) => namespaceOf(one) === undefined && !one.onlyApp.isNamespaceRequired);
  return without.length === 1 ? without : [];
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
  return one !== undefined && plainVersionText(one) === plainVersionText(other);
}
