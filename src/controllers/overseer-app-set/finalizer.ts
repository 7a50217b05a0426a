import type { OverseerAppSet } from "../../api/app-set.js";
import { FINALIZER } from "../../api/group.js";
import { isStatus } from "../../kube/errors.js";
import { objectPath } from "../../kube/resource.js";
import type { SetRun } from "./run.js";

/** Sets the finalizer while the apps are to be deleted with the set, and removes it otherwise. */
export async function ensureFinalizer(run: SetRun): Promise<void> {
  const finalizers = run.set.metadata.finalizers ?? [];
  const isWanted = run.set.spec.deletionPolicy === "Delete";
  if (isWanted === finalizers.includes(FINALIZER)) return;
  if (isWanted) await patchFinalizers(run, [...finalizers, FINALIZER]);
  else await removeFinalizer(run);
}

/** Removes the finalizer, which completes a deletion. */
export async function removeFinalizer(run: SetRun): Promise<void> {
  const finalizers = run.set.metadata.finalizers ?? [];
  await patchFinalizers(
    run,
    finalizers.filter((name) => name !== FINALIZER),
  );
}

async function patchFinalizers({ services, set, key }: SetRun, finalizers: readonly string[]): Promise<void> {
  const { client, sets } = services;
  const { namespace, name } = set.metadata;
  const { uid, resourceVersion } = (sets.get(key) ?? set).metadata;
  try {
    const { body } = await client.request<OverseerAppSet>({
      method: "PATCH",
      path: objectPath(sets.resource, namespace, name),
      contentType: "application/merge-patch+json",
      body: { metadata: { uid, resourceVersion, finalizers } },
    });
    if (set.metadata.deletionTimestamp === undefined) sets.note(body);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}
