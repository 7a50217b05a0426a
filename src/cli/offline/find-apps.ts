import { GROUP } from "../../api/group.js";
import { type Document, formatOrigin } from "../../manifest/document.js";
import { ManifestError } from "../../manifest/manifest-error.js";
import { parseManifests } from "../../manifest/yaml/parse.js";
import type { WorkingTree } from "../render/working-tree.js";

/** A manifest of one of our kinds in a tree. */
export interface FoundManifest {
  readonly file: string;
  /** File and line. */
  readonly origin: string;
  readonly object: Pick<Document, "object">["object"];
}

/** Manifests of our kinds, and files that cannot be read. */
export interface Found {
  readonly manifests: readonly FoundManifest[];
  readonly problems: readonly string[];
}

/** Files that may hold manifests. */
const MANIFEST = /\.(ya?ml|json)$/i;
/** Larger files hold no OverseerApp. */
const MAX_BYTES = 1024 * 1024;

/**
 * Finds OverseerApps, GitRepositories, Changes and Approvals in the files below a directory. Files that do not mention our API group are not
 * parsed: they may be templates.
 */
export async function findManifests(tree: WorkingTree, directory: string): Promise<Found> {
  const manifests: FoundManifest[] = [];
  const problems: string[] = [];
  for (const file of tree.filesBelow(directory)) {
    if (!MANIFEST.test(file)) continue;
    const bytes = await tree.readBlob(file).catch(() => undefined);
    if (bytes === undefined || bytes.length > MAX_BYTES) continue;
    const text = Buffer.from(bytes).toString("utf8");
    if (!text.includes(`${GROUP}/`)) continue;
    try {
      for (const { object, origin } of parseManifests(text, file))
        if (object.apiVersion.startsWith(`${GROUP}/`)) manifests.push({ file, origin: formatOrigin(origin), object });
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      problems.push(error.message);
    }
  }
  return { manifests, problems };
}
