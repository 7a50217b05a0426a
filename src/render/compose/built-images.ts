import { isRecord } from "../../manifest/shape.js";
import { runs } from "../overseer/compose/dependencies.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { RendererInput } from "../renderer.js";
import { joinPath, type RepositoryPath, resolveTarget } from "../repository-path.js";
import { warn } from "./findings.js";
import type { AppModel, BuildFolders, ServiceModel } from "./model.js";
import { unescapeText } from "./text.js";
import { mappingOf, textOf } from "./values.js";

/** Names of images that registries accept. */
const NAME = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
/** Keys of `build` that change the image, but not its folder. */
const OUTSIDE = ["additional_contexts", "args", "dockerfile_inline", "ssh", "target"];

/**
 * Returns the ID in Git of each folder that an image is built from, by its path as it is written.
 *
 * @param compose an interpolated document, with escaped strings.
 * @param from the file that the paths are relative to, a path in the repository.
 */
export async function readBuildFolders(
  compose: Mapping,
  from: RepositoryPath,
  { compose: cluster, snapshot, folder }: RendererInput,
): Promise<BuildFolders> {
  const found = new Map<string, string | undefined>();
  if (cluster?.builtImages === undefined || cluster.builtImages.tag !== undefined) return found;
  const own = folder === "" ? from : from.slice(folder.length + 1);
  for (const service of Object.values(mappingOf(compose.services))) {
    if (!isRecord(service) || !runs(service) || service.image !== undefined) continue;
    const written = contextOf(service.build);
    if (written === undefined) continue;
    const context = unescapeText(written);
    const target = /^[~]|:\/\//.test(context) ? undefined : resolveTarget(own, context);
    if (found.has(context) || target === undefined) continue;
    const path = joinPath(folder, target).replace(/\/$/, "");
    const entry = await snapshot.treeAt(path);
    if (entry?.kind === "tree") found.set(context, (await snapshot.treeId?.(path)) ?? entry.id);
  }
  return found;
}

/** Returns the image of a service that has `build` instead of `image`, or reports why it has none. */
export function builtImage({ name, service, report }: ServiceModel, app: AppModel): string {
  const at = report.at("build");
  const { builtImages } = app.settings.cluster;
  if (builtImages === undefined) {
    at.problem(
      "a cluster does not build images: push the image to a registry and set image, or name the registry in source.compose.builtImages",
    );
    return "";
  }
  const repository = `${app.name}-${name}`.toLowerCase();
  if (!NAME.test(repository)) at.problem(`${repository} cannot be the name of an image: set image`);
  const context = contextOf(service.build);
  if (context === undefined) at.problem("expected a folder, or a mapping with context");
  const tag = builtImages.tag ?? app.builds.get(context ?? "");
  if (tag === undefined) {
    at.problem(
      `there is no folder ${JSON.stringify(context)} in the source, whose ID could be the tag of the image: set image, or source.compose.builtImages.tag`,
    );
    return "";
  }
  const image = `${builtImages.registry}/${repository}:${tag}`;
  at.note(`runs the image ${image}, which has to be built and pushed`);
  const outside = OUTSIDE.filter((key) => mappingOf(service.build)[key] !== undefined);
  if (builtImages.tag === undefined && outside.length > 0)
    warn(at, `the tag of the image is the ID of its folder: changes of ${outside.join(", ")} alone do not update it`);
  return image;
}

function contextOf(build: unknown): string | undefined {
  if (!isRecord(build)) return textOf(build);
  return build.context === undefined ? "." : textOf(build.context);
}
