import { FINALIZER } from "../../../api/group.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { isStatus } from "../../../kube/errors.js";
import { objectPath } from "../../../kube/resource.js";
import type { AppRun } from "../run.js";

/** Adds the finalizer before anything is applied, so that the app cannot disappear before its objects are cleaned up. */
export async function ensureFinalizer(run: AppRun): Promise<void> {
  const finalizers = run.app.metadata.finalizers ?? [];
  if (finalizers.includes(FINALIZER)) return;
  run.services.failpoint("app:before-finalizer");
  await patchFinalizers(run, [...finalizers, FINALIZER]);
  run.services.failpoint("app:after-finalizer");
}

/** Removes the finalizer, which completes the deletion of the app. */
export async function removeFinalizer(run: AppRun): Promise<void> {
  run.services.failpoint("app:before-finalizer-removal");
  const current = run.services.apps.get(run.key) ?? run.app;
  await patchFinalizers(
    run,
    (current.metadata.finalizers ?? []).filter((name) => name !== FINALIZER),
  );
  run.logger.info("app deleted", { app: run.key, policy: run.app.spec.deletionPolicy });
}

async function patchFinalizers(run: AppRun, finalizers: readonly string[]): Promise<void> {
  const { apps, client } = run.services;
  const { uid, resourceVersion } = (apps.get(run.key) ?? run.app).metadata;
  try {
    const { body } = await client.request<OverseerApp>({
      method: "PATCH",
      path: objectPath(apps.resource, run.ref.namespace, run.ref.name),
      contentType: "application/merge-patch+json",
      body: { metadata: { uid, resourceVersion, finalizers } },
    });
    if (finalizers.includes(FINALIZER)) apps.note(body);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}
