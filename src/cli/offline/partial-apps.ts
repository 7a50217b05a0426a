import { dirname } from "node:path/posix";
import { DOCUMENT_API_VERSION, DOCUMENT_GROUP } from "../../api/documents/group.js";
import { PartialAppDocument } from "../../api/documents/partial-app.js";
import { type Document, formatOrigin } from "../../manifest/document.js";
import { ManifestError } from "../../manifest/manifest-error.js";
import { isRecord } from "../../manifest/shape.js";
import { parseManifests } from "../../manifest/yaml/parse.js";
import { describeIssue } from "../../render/overseer/describe-issue.js";
import type { WorkingTree } from "../render/working-tree.js";

/** Partial Apps of a directory. */
export interface PartialApps {
  /** Directories that have them. */
  readonly directories: readonly string[];
  /** What is wrong with them by their schema, with file and line. */
  readonly problems: readonly string[];
  /** Whether the directory has no other Apps. */
  readonly isAll: boolean;
}

interface FoundApp {
  readonly directory: string;
  readonly origin: string;
  readonly object: Document["object"];
}

/** Folders of environments, by convention. */
const ENVIRONMENT = /(^|\/)environments\/[^/]+$/;

/**
 * Finds the partial Apps below a directory and checks them. An App is partial if it has neither `compose` nor `composeFiles`, if such an
 * App is in the same directory, or if the directory is `environments/<name>`. Those in `overlays` are ignored: a render merges and
 * checks them.
 */
export async function checkPartialApps(
  tree: WorkingTree,
  directory: string,
  overlays: readonly (string | undefined)[],
): Promise<PartialApps> {
  const merged = overlays.map((overlay) => overlay?.replace(/^\.\//, "").replace(/\/+$/, ""));
  const apps = (await findApps(tree, directory)).filter(({ directory: own }) => !merged.includes(own));
  const directories = new Set(
    apps
      .filter(({ directory: own, object }) => ENVIRONMENT.test(own) || isIncomplete(object))
      .map(({ directory: own }) => own),
  );
  const partial = apps.filter(({ directory: own }) => directories.has(own));
  return {
    directories: [...directories].sort(),
    problems: partial.flatMap(problemsOf),
    isAll: partial.length > 0 && partial.length === apps.length,
  };
}

async function findApps(tree: WorkingTree, directory: string): Promise<FoundApp[]> {
  const apps: FoundApp[] = [];
  for (const file of tree.filesBelow(directory)) {
    if (!/\.(ya?ml|json)$/i.test(file)) continue;
    const bytes = await tree.readBlob(file).catch(() => undefined);
    const text = bytes === undefined ? "" : Buffer.from(bytes).toString("utf8");
    if (!text.includes(`${DOCUMENT_GROUP}/`)) continue;
    try {
      for (const { object, origin } of parseManifests(text, file))
        if (object.apiVersion === DOCUMENT_API_VERSION && object.kind === "App")
          apps.push({ directory: dirname(file), origin: formatOrigin(origin), object });
    } catch (error) {
      // The render of the file says what is wrong with it.
      if (!(error instanceof ManifestError)) throw error;
    }
  }
  return apps;
}

function isIncomplete({ spec }: Document["object"]): boolean {
  return !isRecord(spec) || (spec.compose === undefined && spec.composeFiles === undefined);
}

function problemsOf({ origin, object }: FoundApp): string[] {
  const result = PartialAppDocument.safeParse(object);
  if (result.success) return [];
  return result.error.issues
    .flatMap((issue) => describeIssue("App", object, issue))
    .map(({ path, message }) => {
      const field = path.join(".");
      const text =
        field === "spec.composeFiles" ? "is not possible in a partial App: write the differences in compose" : message;
      return `${origin}: App ${object.metadata.name}: ${field}: ${text}`;
    });
}
