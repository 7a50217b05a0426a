import { relative, resolve } from "node:path";
import type { OverseerAppSpec } from "../../api/overseer-app.js";
import { UsageError } from "../exit-codes.js";
import { fileFault } from "../file-fault.js";
import { type SourceRequest, sourceRequestOf } from "../render/app-request.js";
import type { RenderOptions } from "../render/options.js";
import { pathRequest } from "../render/render.js";
import type { WorkingTree } from "../render/working-tree.js";
import { checkManifest } from "./check-manifest.js";
import { findManifests } from "./find-apps.js";
import { checkPartialApps } from "./partial-apps.js";

/** Options of commands that work on a tree. */
export type OfflineOptions = Omit<RenderOptions, "output" | "app" | "file">;

/** A source that can be rendered from a tree. */
export interface OfflineSource {
  /** `OverseerApp shop/web`, or the path. */
  readonly name: string;
  readonly request: SourceRequest;
}

/** What a directory has to be checked for. */
export interface OfflineSources {
  readonly sources: readonly OfflineSource[];
  /** What is wrong with manifests, with file and line. */
  readonly problems: readonly string[];
  /** What cannot be checked here, and why. */
  readonly gaps: readonly string[];
  /** Number of manifests of our kinds. */
  readonly manifests: number;
}

/**
 * Returns the sources of a directory: those of all OverseerApps in it whose path is in the same tree, or, if there is none, the directory
 * itself.
 */
export async function sourcesOf(tree: WorkingTree, path: string, options: OfflineOptions): Promise<OfflineSources> {
  const directory = relative(tree.root, resolve(path)).replaceAll("\\", "/");
  if (directory.startsWith("..")) throw new UsageError(`${JSON.stringify(path)} is not in ${tree.root}`);
  const { manifests, problems } = await findManifests(tree, directory);
  const wrong = manifests.map((manifest) => ({ manifest, faults: checkManifest(manifest) }));
  const apps = wrong.filter(({ manifest, faults }) => manifest.object.kind === "OverseerApp" && faults.length === 0);
  const sources: OfflineSource[] = [];
  const gaps: string[] = [];
  for (const { manifest } of apps) {
    const { metadata, spec } = manifest.object;
    const name = `OverseerApp ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
    const gap = await whyNot(tree, spec as OverseerAppSpec, options);
    if (gap === undefined) sources.push({ name, request: sourceRequestOf(manifest.object, manifest.file) });
    else gaps.push(`${name}: ${gap}`);
  }
  const partial = await checkPartialApps(
    tree,
    directory,
    sources.map(({ request }) => request.source.overlay),
  );
  if (partial.isAll)
    gaps.push(
      `${partial.directories.join(", ")}: partial Apps were checked by their schema only, since no OverseerApp in ${directory || "."} merges them: try overseer render PATH --overlay ${partial.directories[0]}`,
    );
  else if (apps.length === 0 && wrong.every(({ faults }) => faults.length === 0) && problems.length === 0)
    sources.push({ name: directory === "" ? "." : directory, request: pathRequest(tree, path) });
  return {
    sources,
    problems: [...problems, ...wrong.flatMap(({ faults }) => faults), ...partial.problems],
    gaps,
    manifests: manifests.length,
  };
}

/** Why the source of an app cannot be rendered from this tree; undefined if it can. */
async function whyNot(
  tree: WorkingTree,
  { source }: OverseerAppSpec,
  { ageKeyFile }: OfflineOptions,
): Promise<string | undefined> {
  const path = (source.path ?? ".").replace(/^\.\/?|\/$/g, "");
  if (source.helm?.chart !== undefined) return "its chart comes from a registry, which needs the network";
  if (source.ref !== undefined) return "it reads another revision (source.ref)";
  if ((await tree.treeAt(path)) === undefined)
    return `its path ${JSON.stringify(source.path)} is not in this work tree: it may be in another repository`;
  if (source.substitute?.from?.length) return "source.substitute.from names ConfigMaps and Secrets of the cluster";
  if (source.helm?.valuesFrom?.length) return "source.helm.valuesFrom names ConfigMaps and Secrets of the cluster";
  if (source.decryption !== undefined && ageKeyFile === undefined && !process.env.SOPS_AGE_KEY_FILE)
    return "it is encrypted: pass --age-key-file";
  return undefined;
}

/** Opens a tree of a path. Throws a UsageError if the path cannot be read. */
export async function openTree(open: () => Promise<WorkingTree>, path: string): Promise<WorkingTree> {
  return open().catch((error: unknown) => {
    throw new UsageError(`PATH ${JSON.stringify(path)} cannot be read: ${fileFault(error)}`);
  });
}
