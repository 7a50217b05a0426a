import { execFile } from "node:child_process";
import type { GitRepository } from "../../../api/git-repository.js";
import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import { systemClock } from "../../../base/clock.js";
import { nearest } from "../../../config/nearest.js";
import { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { collectionPath, objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { changesOf } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { formatValue } from "../../output/objects.js";
import { print } from "../../terminal.js";
import { formatTrace, traceOf } from "./trace-of.js";

/** Runs `overseer trace`: from an object to its app, Change, file, commit and author. */
export function trace(name: string, flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const { resource, object } = await findObject(cluster, name);
    const { [LABEL_APP]: appName, [LABEL_APP_NAMESPACE]: namespace } = object.metadata.labels ?? {};
    const shown = `${resource.kind} ${object.metadata.namespace === undefined ? "" : `${object.metadata.namespace}/`}${object.metadata.name}`;
    if (appName === undefined || namespace === undefined) {
      const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
      const hint =
        owner === undefined
          ? "no app manages it"
          : `trace its owner: overseer trace ${owner.kind.toLowerCase()}/${owner.name}`;
      throw new CommandError(`${shown} does not have the labels of an app: ${hint}`, EXIT.failed);
    }
    const target = { kind: KINDS.app, namespace, name: appName };
    const app = await cluster.get<LiveApp>(target);
    const { name: repositoryName, namespace: repositoryNamespace = namespace } = app.spec.source.repositoryRef;
    const repository = await cluster.find<GitRepository & RawObject>({
      kind: KINDS.repository,
      namespace: repositoryNamespace,
      name: repositoryName,
    });
    const changes = await changesOf(cluster, target);
    const found = traceOf({
      object: shown,
      managedFields: object.metadata.managedFields ?? [],
      app,
      changes,
      repository,
    });
    const local =
      found.commit !== undefined && found.author === undefined ? await localCommit(found.commit) : undefined;
    const result = local === undefined ? found : { ...found, ...local };
    const { output } = flags;
    print(
      output === "json" || output === "yaml"
        ? await formatValue(JSON.parse(JSON.stringify(result)), output)
        : formatTrace(result),
    );
    return EXIT.done;
  });
}

/** Finds `deployment/web`, `deployments.apps/web` or `KIND/NAMESPACE/NAME` by discovery. */
async function findObject(
  cluster: Cluster,
  text: string,
): Promise<{ readonly resource: ResourceInfo; readonly object: RawObject }> {
  const [kind = "", second = "", third] = text.split("/");
  if (second === "")
    throw new UsageError(`${JSON.stringify(text)} names no object: use KIND/NAME, such as deployment/web`);
  const [namespace, name] = third === undefined ? [cluster.namespace, second] : [second, third];
  const all = await new Discovery(cluster.client, systemClock).all();
  const wanted = kind.toLowerCase();
  const matches = all.filter((one) => namesOfResource(one).includes(wanted));
  const resource = matches.find(({ group }) => group === "" || !group.includes(".")) ?? matches[0];
  if (resource === undefined) {
    const close = nearest(wanted, all.flatMap(namesOfResource));
    throw new UsageError(
      `the cluster has no kind ${JSON.stringify(kind)}${close === undefined ? "" : `: did you mean ${JSON.stringify(close)}?`}`,
    );
  }
  try {
    return {
      resource,
      object: await cluster.request<RawObject>({ method: "GET", path: objectPath(resource, namespace, name) }),
    };
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    const { items } = await cluster.request<{ items: RawObject[] }>({
      method: "GET",
      path: collectionPath(resource, namespace),
    });
    const close = nearest(
      name,
      items.map(({ metadata }) => metadata.name),
    );
    const place = resource.namespaced ? ` in namespace ${namespace}` : "";
    throw new CommandError(
      `there is no ${resource.kind} ${JSON.stringify(name)}${place}${close === undefined ? "" : `: did you mean ${JSON.stringify(close)}?`}`,
      EXIT.notAllowed,
    );
  }
}

/** `deployment`, `deployments`, `deployment.apps`, `deployments.apps`. */
function namesOfResource({ kind, plural, group }: ResourceInfo): readonly string[] {
  const names = [kind.toLowerCase(), plural];
  return group === "" ? names : [...names, ...names.map((name) => `${name}.${group}`)];
}

/** Author and first line of a commit in the Git repository of the current directory; undefined if it is not there. */
function localCommit(
  id: string,
): Promise<{ readonly author: string; readonly message: string; readonly time: string } | undefined> {
  const args = ["log", "-1", "--no-show-signature", "--format=%an <%ae>%x00%s%x00%cI", id, "--"];
  return new Promise((done) => {
    execFile("git", args, { timeout: 5000 }, (error, stdout) => {
      const [author, message, time] = stdout.trim().split("\0");
      done(
        error || author === undefined || message === undefined || time === undefined
          ? undefined
          : { author, message, time },
      );
    });
  });
}
