import { hasSameSource, type Inputs } from "../../../api/inputs.js";
import { MissingFactError } from "../../../gates/context.js";
import { findPlace } from "../../../render/locate.js";
import type { AppRun } from "../run.js";
import { keysWith, renderRequest, repositoryKey } from "./locate-inputs.js";
import type { RelatedRepository } from "./related-repositories.js";
import { openEarlier } from "./render.js";

/**
 * Returns the repositories besides its own that an app reads at these inputs: remote bases and submodules, nested ones included. Reads
 * the source again, from the cache, unless the answer is known. Throws MissingFactError if the source cannot be read as it was.
 */
export async function relatedRepositories(run: AppRun, inputs: Inputs): Promise<readonly RelatedRepository[]> {
  const hasSubmodules = run.services.repositories.get(repositoryKey(run.app))?.spec.recurseSubmodules === true;
  if (!hasSubmodules && inputs.source.kustomize?.allowRemoteBases !== true) return [];
  if (run.memory.related?.inputsKey === inputs.key) return run.memory.related.repositories;
  const found = new Map<string, RelatedRepository>();
  const onOpen = (one: RelatedRepository): void => {
    if (!found.has(one.url)) found.set(one.url, one);
  };
  const snapshot = await openEarlier(run, inputs, onOpen);
  const request = await renderRequest(run, inputs.source, { onOpen });
  const located = snapshot && (await run.services.renderer.locate(request, snapshot));
  if (snapshot === undefined || located === undefined || !hasSameSource(keysWith(located, inputs), inputs))
    throw new MissingFactError(`which other repositories ${inputs.revision} reads is not known yet`);
  // Locating names some directories by their id only, without reading what is in them.
  const { path, overlay } = request.source;
  for (const folder of hasSubmodules ? [path, ...(overlay === undefined ? [] : [overlay])] : []) {
    const { entry } = await findPlace(snapshot, folder);
    if (entry.kind === "tree") await snapshot.listFiles(entry.id, run.services.renderer.limits);
  }
  const repositories = [...found.values()];
  run.memory.related = { inputsKey: inputs.key, repositories };
  return repositories;
}
