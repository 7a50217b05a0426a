import type { KustomizeSource } from "../../api/renderers.js";
import { isRecord } from "../../manifest/shape.js";

type Image = NonNullable<KustomizeSource["images"]>[number];
type Kustomization = Readonly<Record<string, unknown>>;

/** In an image of the app: what the kustomization says. */
const KEEP = "*";

/** What becomes of the settings of an app and of the kustomization that they are over. */
export interface EditedTop {
  readonly settings: KustomizeSource;
  /** The kustomization without what the settings replace; undefined if it stays as it is. */
  readonly top: Kustomization | undefined;
  /** What settings replace although they may not be meant to. */
  readonly notes: readonly string[];
}

/**
 * Has settings of the app replace those of the kustomization of the path, as `kustomize edit set` does: images by their name, namePrefix
 * and nameSuffix. Kustomizations below it keep theirs.
 */
export function editTop(top: Kustomization, settings: KustomizeSource): EditedTop {
  const { images = [], namePrefix, nameSuffix } = settings;
  const existing: readonly unknown[] = Array.isArray(top.images) ? top.images : [];
  const notes: string[] = [];
  const own = images.map((image) => {
    const replaced = existing.filter((one): one is Kustomization => isRecord(one) && one.name === image.name);
    const lost = [...new Set(replaced.flatMap((old) => lostBy(image, old)))];
    if (lost.length > 0)
      notes.push(
        `source.kustomize.images replaces the entry ${JSON.stringify(image.name)} of the kustomization, whose ${lost.join(" and ")} has no effect: ${remedyOf(lost)}`,
      );
    return resolved(image, combined(replaced));
  });
  const names = new Set<unknown>(images.map(({ name }) => name));
  const left = existing.filter((one) => !(isRecord(one) && names.has(one.name)));
  const replaced: Record<string, unknown> = {
    ...(left.length < existing.length ? { images: left } : {}),
    ...(namePrefix && top.namePrefix ? { namePrefix: "" } : {}),
    ...(nameSuffix && top.nameSuffix ? { nameSuffix: "" } : {}),
  };
  return {
    settings: images.length === 0 ? settings : { ...settings, images: own },
    top: Object.keys(replaced).length === 0 ? undefined : { ...top, ...replaced },
    notes,
  };
}

function remedyOf(lost: readonly string[]): string {
  const suffix = lost.filter((one) => one.startsWith("tagSuffix "));
  const both = [
    ...(suffix.length < lost.length ? ['set it here as well, or "*" to keep it'] : []),
    ...(suffix.length > 0 ? ["append the tagSuffix to newTag"] : []),
  ];
  return both.join("; ");
}

/** Combines entries with one name as Kustomize applies them: in order, until one gives the image another name. */
function combined(entries: readonly Kustomization[]): Kustomization {
  const renamed = entries.findIndex(({ newName }) => typeof newName === "string" && newName !== "");
  return Object.assign({}, ...(renamed < 0 ? entries : entries.slice(0, renamed + 1)));
}

function lostBy({ newName, newTag, digest }: Image, old: Kustomization): string[] {
  const keys = [
    ...(newName === undefined ? ["newName"] : []),
    ...(newTag === undefined && digest === undefined ? ["newTag", "digest"] : []),
    "tagSuffix",
  ];
  return keys.flatMap((key) => (typeof old[key] === "string" && old[key] !== "" ? [`${key} ${old[key]}`] : []));
}

function resolved({ name, ...fields }: Image, old: Kustomization): Image {
  const kept = Object.entries(fields).flatMap(([key, value]): [string, string][] => {
    const text = value === KEEP ? old[key] : value;
    return typeof text === "string" && text !== "" ? [[key, text]] : [];
  });
  return { name, ...Object.fromEntries(kept) };
}

/** Names of images of the app that no image in the objects results from. */
export function unmatchedImages(settings: KustomizeSource, objects: readonly unknown[]): string[] {
  const { images = [] } = settings;
  // Kustomize takes the name as a regular expression.
  const plain = images.filter(({ name }) => !/[\\^$*+?()[\]{}|]/.test(name));
  if (plain.length === 0) return [];
  const found = new Set<string>();
  for (const object of objects) collectImages(object, found, 0);
  return plain.flatMap(({ name, newName = name }) => {
    const isChanged = images.some((other) => other.name === newName && other.newName !== undefined);
    return isChanged || found.has(newName) ? [] : [name];
  });
}

/** Adds the image names, without tag and digest, that texts of an object may be: custom resources have them anywhere. */
function collectImages(value: unknown, into: Set<string>, depth: number): void {
  if (depth > 64) return;
  if (typeof value === "string") {
    if (value.length < 1024) into.add(value.replace(/@.*$/s, "").replace(/:[^:/]*$/, ""));
  } else if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) collectImages(child, into, depth + 1);
  }
}
