import type { GitSnapshot } from "../git/engine.js";
import type { RenderLimits } from "./limits.js";
import { findPlace, listSource } from "./locate.js";
import { type ManifestFiles, pickManifestFiles } from "./manifest-files.js";
import type { Reads } from "./reads.js";
import { PathNotFoundError } from "./render-error.js";
import type { RepositoryPath } from "./repository-path.js";
import { selectFiles } from "./select.js";
import { linkedContent, linksBelow } from "./source-links.js";

/** The overlay of a source as part of its inputs. */
interface OverlayInputs {
  readonly content: Readonly<Record<string, string>>;
  /** What was read to find that out; undefined if symbolic links lead there or elsewhere. */
  readonly reads?: Reads;
}

/** Returns what a render reads of the folder in `source.overlay`. */
export async function declareOverlay(
  snapshot: GitSnapshot,
  overlay: RepositoryPath,
  limits: RenderLimits,
): Promise<OverlayInputs> {
  try {
    const { path, wanted, entry } = await findPlace(snapshot, overlay, "source.overlay");
    const content = { path: wanted, tree: entry.id };
    const reads = path === wanted ? { reads: new Map([[path, entry.id]]) } : {};
    if (entry.kind !== "tree") return { content, ...reads };
    const links = await linksBelow(snapshot, entry.id, limits);
    if (links.links.length === 0) return { content, ...reads };
    const linked = await linkedContent(snapshot, path, links, { path: wanted }, limits);
    return { content: linked === undefined ? content : { ...content, links: linked } };
  } catch (error) {
    // The render reports it.
    if (error instanceof PathNotFoundError) return { content: { path: overlay, tree: "none" } };
    throw error;
  }
}

/** Returns the manifests of the folder in `source.overlay`. `include` and `exclude` of the source do not apply to it. */
export async function listOverlay(
  snapshot: GitSnapshot,
  overlay: RepositoryPath,
  limits: RenderLimits,
): Promise<ManifestFiles> {
  const source = { path: overlay };
  const place = await findPlace(snapshot, overlay, "source.overlay");
  const { folder, files, singleFile } = await listSource(snapshot, place, source, limits);
  return pickManifestFiles({ folder, selected: selectFiles(files, source), anyName: singleFile });
}
