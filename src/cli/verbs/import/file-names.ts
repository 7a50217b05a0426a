import { join, relative, sep } from "node:path";
import type { OutputManifest, ProjectFile } from "../../../migration/conversion.js";
import { CommandError, EXIT } from "../../exit-codes.js";

/** Prefix of files of GitRepositories. */
const REPOSITORY = "repository-";

/**
 * Returns the file of a manifest, relative to the output directory. No two manifests share one: sets have an underscore in theirs, and an app whose name begins as the files of
 * repositories do gets a prefix with an underscore, which no name has.
 */
export function fileOf({ kind, metadata: { namespace, name } }: OutputManifest): string {
  if (kind === "GitRepository") return join(namespace, `${REPOSITORY}${name}.yaml`);
  if (kind === "OverseerAppSet") return join(namespace, `set_${name}.yaml`);
  return join(namespace, `${name.startsWith(REPOSITORY) ? "app_" : ""}${name}.yaml`);
}

/**
 * Returns the manifests by their files in a directory.
 *
 * @throws CommandError for files outside of the directory, and for two manifests with the same file.
 */
export function filesIn(directory: string, manifests: readonly OutputManifest[]): Map<string, OutputManifest> {
  const files = new Map<string, OutputManifest>();
  for (const manifest of manifests) {
    const { kind, metadata } = manifest;
    const file = join(directory, fileOf(manifest));
    const inside = relative(directory, file).split(sep);
    const isWrong = inside.length !== 2 || inside[0] === ".." || files.has(file);
    if (isWrong)
      throw new CommandError(
        `${kind} ${metadata.namespace}/${metadata.name} has no file of its own in ${directory}: nothing was written`,
        EXIT.failed,
      );
    files.set(file, manifest);
  }
  return files;
}

/** Returns the file of the limits of a project. Its name has an underscore, as no other file of a namespace has at this place. */
export function projectFileIn(directory: string, { namespace, name, contents }: ProjectFile): string {
  return join(directory, namespace, `${contents}_${name}.yaml`);
}
