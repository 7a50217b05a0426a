import type { OverseerAppSet } from "../../../api/app-set.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { explainRefusal } from "../../../destinations/kubernetes/refusals/explain.js";
import { isDocumentRefusal, isStatus, type KubeStatusError } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath } from "../../../kube/resource.js";
import { applyObject } from "../../../kube/server-side-apply.js";
import type { KubeObject } from "../../../manifest/document.js";
import { AppSetError } from "../app-set-error.js";
import { setManager } from "../identity.js";
import type { AppSetServices } from "../services.js";
import { type DesiredApp, documentOf } from "./desired-apps.js";
import type { AppUpdate, LiveApp } from "./plan-apps.js";

/** An app that the API server rejects. */
export interface RejectedApp {
  readonly name: string;
  readonly message: string;
  readonly isForbidden: boolean;
  /** Whether an app of this name exists that was not known. */
  readonly exists: boolean;
}

/** Writes the apps of a set as the user of the set. */
export interface AppWriter {
  readonly services: AppSetServices;
  readonly set: OverseerAppSet;
  /** User to impersonate; undefined for the operator itself. */
  readonly user: string | undefined;
  readonly signal: AbortSignal;
}

/** Number of concurrent requests for one set. */
const CONCURRENCY = 8;

/**
 * Sends everything that is to be written as a dry run, so that one app that the API server rejects keeps all others from being written.
 *
 * @returns the rejected apps.
 * @throws the error of a request that failed for another reason.
 */
export async function previewApps(
  writer: AppWriter,
  creates: readonly DesiredApp[],
  updates: readonly AppUpdate[],
): Promise<readonly RejectedApp[]> {
  const rejected: RejectedApp[] = [];
  const preview = (name: string, send: () => Promise<{ created: boolean }>, isNew: boolean) => async () => {
    try {
      const { created } = await send();
      if (isNew && !created)
        rejected.push({ name, isForbidden: false, exists: true, message: "an app of this name has just been created" });
    } catch (error) {
      // Another app has taken the name since: the next reconcile sees it.
      if (!isDocumentRefusal(error) || (!isNew && isStatus(error, 409))) throw error;
      rejected.push(rejectionOf(name, error, isNew));
    }
  };
  await inParallel([
    ...creates.map((app) => preview(app.name, () => send(writer, app, undefined, true), true)),
    ...updates.map(({ desired, live }) => preview(desired.name, () => send(writer, desired, live, true), false)),
  ]);
  return rejected.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Creates and updates apps. Returns the names of those that were written; `onWritten` is called after each. */
export async function writeApps(
  writer: AppWriter,
  writes: readonly { readonly desired: DesiredApp; readonly live?: LiveApp }[],
  onWritten: (app: DesiredApp) => void,
): Promise<void> {
  const { observer, failpoint } = writer.services;
  await inParallel(
    writes.map(({ desired, live }) => async () => {
      const verb = live === undefined ? "create" : "update";
      try {
        const { object, created } = await send(writer, desired, live, false);
        if (live === undefined && !created) throw await released(writer, desired, object);
        noteApp(writer.services, object);
      } catch (error) {
        observer.wrote(verb, "error");
        throw error;
      }
      observer.wrote(verb, "success");
      onWritten(desired);
      failpoint("app-set:after-first-write");
    }),
  );
}

/** Deletes apps, each with its uid and resourceVersion as preconditions: an app that has changed is judged again. */
export async function deleteApps(
  writer: AppWriter,
  deletes: readonly LiveApp[],
  onDeleted: (app: LiveApp) => void,
): Promise<void> {
  const { client, apps, observer } = writer.services;
  await inParallel(
    deletes.map((app) => async () => {
      const { namespace, name, uid, resourceVersion } = app.metadata;
      try {
        const { body } = await client.request<RawObject>({
          method: "DELETE",
          path: objectPath(apps.resource, namespace, name),
          body: {
            apiVersion: "v1",
            kind: "DeleteOptions",
            propagationPolicy: "Background",
            preconditions: { uid, resourceVersion },
          },
          impersonate: writer.user,
          signal: writer.signal,
        });
        // While finalizers keep it, the response is the app itself.
        if (body.kind === "OverseerApp") noteApp(writer.services, body);
      } catch (error) {
        if (!isStatus(error, 404)) {
          observer.wrote("delete", "error");
          throw error;
        }
      }
      observer.wrote("delete", "success");
      onDeleted(app);
    }),
  );
}

/** The first contact with a name is not forced: an app of others would be a conflict. */
async function send(
  { services, set, user, signal }: AppWriter,
  app: DesiredApp,
  live: LiveApp | undefined,
  dryRun: boolean,
): Promise<{ created: boolean; object: RawObject }> {
  return applyObject(services.client, {
    resource: services.apps.resource,
    object: documentOf(set, app, live?.metadata.uid),
    manager: setManager(set.metadata.name),
    force: live !== undefined,
    dryRun,
    impersonate: user,
    signal,
  });
}

/** Withdraws from an app that others created at the same moment, which has been applied as well. Returns the error to report. */
async function released(
  { services, set, user, signal }: AppWriter,
  app: DesiredApp,
  { metadata }: RawObject,
): Promise<AppSetError> {
  const { apiVersion, kind } = documentOf(set, app);
  const { name, namespace, uid } = metadata;
  await applyObject(services.client, {
    resource: services.apps.resource,
    object: { apiVersion, kind, metadata: { name, namespace, uid } } as KubeObject,
    manager: setManager(set.metadata.name),
    force: false,
    impersonate: user,
    signal,
  });
  return new AppSetError("NameConflict", `OverseerApp ${name} was created by others at the same moment`, "retryable");
}

function rejectionOf(name: string, error: KubeStatusError, isNew: boolean): RejectedApp {
  const exists = isNew && error.statusCode === 409;
  return { name, message: explainRefusal(error), isForbidden: error.statusCode === 403, exists };
}

/** Makes a write visible at once, to this controller and to that of apps, which takes the later event of the watch for its own write. */
function noteApp({ apps, onWritten }: AppSetServices, object: RawObject): void {
  const app = object as unknown as OverseerApp;
  const key = `${app.metadata.namespace}/${app.metadata.name}`;
  const previous = apps.get(key);
  apps.note(app);
  onWritten(key, apps.get(key), previous);
}

/** Runs tasks with limited concurrency. After a failure no further task starts; throws the first error once all running ones end. */
async function inParallel(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = [...tasks];
  const errors: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined && errors.length === 0; task = queue.shift()) {
      await task().catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  if (errors.length > 0) throw errors[0];
}
