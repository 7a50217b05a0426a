import {
  ANNOTATION_APP_SET,
  ANNOTATION_APPLIED,
  ANNOTATION_CONFIRM_DELETIONS,
  ANNOTATION_HOOK_RUN,
  ANNOTATION_IDENTITY,
  ANNOTATION_PRUNE,
  ANNOTATION_RECONCILE_AT,
  ANNOTATION_RESTORED_POLICY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_APP_SET,
  LABEL_INSTANCE,
} from "../../../api/group.js";
import type { RawObject } from "../../../kube/object.js";
import { yamlText } from "../../../manifest/yaml/dump.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { selectTargets } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags, SelectionFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { formatObjects } from "../../output/objects.js";
import { print } from "../../terminal.js";

/** Runs `overseer export`: manifests of apps and the repositories that they read, to be applied elsewhere. */
export function exportManifests(
  names: readonly string[],
  flags: ClusterFlags & OutputFlags & SelectionFlags,
): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const targets = await selectTargets(cluster, names, flags, [KINDS.app, KINDS.repository]);
    const found = new Map<string, RawObject>();
    for (const target of targets) {
      const object = await cluster.get(target);
      if (target.kind === KINDS.app) {
        const { name, namespace = object.metadata.namespace ?? "" } = (object as LiveApp).spec.source.repositoryRef;
        const repository = await cluster.find({ kind: KINDS.repository, namespace, name });
        if (repository !== undefined) found.set(repository.metadata.uid, repository);
      }
      found.set(object.metadata.uid, object);
    }
    const manifests = [...found.values()].map(manifestOf);
    const { output } = flags;
    if (output === "json" || output === "name") print(await formatObjects(manifests, output, manifests.length !== 1));
    else print(manifests.map((manifest) => `---\n${yamlText(manifest)}`).join(""));
    return EXIT.done;
  });
}

/** What the operator and kubectl write, and requests that concern the live object alone. All else was set by users, such as protections. */
const NOT_EXPORTED: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  ANNOTATION_IDENTITY,
  ANNOTATION_APPLIED,
  ANNOTATION_APP_SET,
  ANNOTATION_HOOK_RUN,
  ANNOTATION_RECONCILE_AT,
  ANNOTATION_CONFIRM_DELETIONS,
  ANNOTATION_RESTORED_POLICY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_APP_SET,
  LABEL_INSTANCE,
]);

/** The object as a person would have written it: without status and what the API server and the operator add. */
export function manifestOf(object: RawObject): RawObject {
  const { apiVersion = "", kind = "", metadata, spec } = object;
  const { name, namespace, labels = {}, annotations = {} } = metadata;
  const own = Object.entries(annotations).filter(
    // The confirmation of one deletion is none of the next one.
    ([key, value]) => !NOT_EXPORTED.has(key) && !(key === ANNOTATION_PRUNE && value === "confirmed"),
  );
  const ownLabels = Object.entries(labels).filter(([key]) => !NOT_EXPORTED.has(key));
  const manifest = {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(ownLabels.length === 0 ? {} : { labels: Object.fromEntries(ownLabels) }),
      ...(own.length === 0 ? {} : { annotations: Object.fromEntries(own) }),
    },
    spec,
  };
  return manifest as unknown as RawObject;
}
