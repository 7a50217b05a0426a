import { ANNOTATION_RECONCILE_AT } from "../../../api/group.js";
import type { RawObject } from "../../../kube/object.js";
import { yamlText } from "../../../manifest/yaml/dump.js";
import { type LiveApp, selectTargets } from "../../cluster/apps.js";
import { withCluster } from "../../cluster/with-cluster.js";
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

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The object as a person would have written it: without status and what the API server adds. */
export function manifestOf(object: RawObject): RawObject {
  const { apiVersion = "", kind = "", metadata, spec } = object;
  const { name, namespace, labels, annotations = {} } = metadata;
  const { [LAST_APPLIED]: _, [ANNOTATION_RECONCILE_AT]: __, ...kept } = annotations;
  const own = Object.entries(kept).filter(([key]) => !key.startsWith("gitops.overseer.io/"));
  const ownLabels = Object.entries(labels ?? {}).filter(([key]) => !key.startsWith("gitops.overseer.io/"));
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
