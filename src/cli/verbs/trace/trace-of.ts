import type { ActionVerb } from "../../../api/change.js";
import type { GitRepository } from "../../../api/git-repository.js";
import type { ManagedFieldsEntry } from "../../../kube/object.js";
import type { LiveApp, LiveChange } from "../../connection/live.js";
import { timeAndAge } from "../../output/age.js";
import { formatFields } from "../../output/table.js";

/** Where an object comes from. */
export interface Trace {
  readonly object: string;
  readonly app: string;
  readonly repository: string;
  /** Revision that is applied. */
  readonly revision?: string | undefined;
  /** The last Change that wrote the object. */
  readonly change?: string | undefined;
  readonly action?: ActionVerb | undefined;
  readonly requester?: string | undefined;
  readonly approvers?: readonly string[];
  /** File and line. */
  readonly origin?: string | undefined;
  /** Commit of that Change. */
  readonly commit?: string | undefined;
  readonly author?: string | undefined;
  readonly message?: string | undefined;
  readonly time?: string | undefined;
  /** Other field managers of the object, with the time of their last write. */
  readonly writers: readonly { readonly manager: string; readonly time?: string | undefined }[];
}

/** Traces an object through the history of its app. Author and message are known for the newest commit of the repository only. */
export function traceOf(given: {
  /** As in plans: `Deployment shop/web`. */
  readonly object: string;
  readonly managedFields: readonly ManagedFieldsEntry[];
  readonly app: LiveApp;
  readonly changes: readonly LiveChange[];
  readonly repository: GitRepository | undefined;
}): Trace {
  const { object, managedFields, app, changes, repository } = given;
  const { namespace = "", name } = app.metadata;
  const own = `overseer:${namespace}/${name}`;
  const written = changes.toReversed().flatMap((change) => {
    const action = change.status?.plan?.find((one) => one.object === object && one.verb !== "Keep");
    return action?.result === "Done" || (action !== undefined && change.status?.phase === "Succeeded")
      ? [{ change, action }]
      : [];
  });
  const [last] = written;
  const commit = last?.change.spec.inputs?.commit ?? app.status?.applied?.commit;
  const newest = repository?.status?.commit;
  const known = newest !== undefined && newest.id === commit ? newest : undefined;
  const { name: repositoryName, namespace: repositoryNamespace = namespace } = app.spec.source.repositoryRef;
  return {
    object,
    app: `${namespace}/${name}`,
    repository: `${repositoryNamespace}/${repositoryName}`,
    revision: app.status?.applied?.revision,
    change: last?.change.metadata.name,
    action: last?.action.verb,
    requester: last?.change.spec.requester,
    approvers: (last?.change.status?.approvals ?? [])
      .filter(({ state, decision }) => state === "Counted" && decision === "Approve")
      .map(({ approver }) => approver),
    origin: last?.action.origin,
    commit,
    author: known?.author,
    message: known?.message,
    time: known?.time,
    writers: managedFields
      .filter(({ manager, subresource }) => manager !== own && manager !== undefined && subresource !== "status")
      .map(({ manager = "", time }) => ({ manager, time })),
  };
}

/** Formats a trace for a person. */
export function formatTrace(trace: Trace, now = Date.now()): string {
  const { change, action, requester, approvers = [], writers } = trace;
  return formatFields([
    ["Object", trace.object],
    ["App", trace.app],
    ["Repository", trace.repository],
    ["Applied", trace.revision],
    [
      "Change",
      change === undefined
        ? "unknown: older than the history of the app"
        : `${change} (${action?.toLowerCase() ?? ""})`,
    ],
    ["Requested by", requester],
    ["Approved by", approvers.join(", ")],
    ["File", trace.origin],
    ["Commit", trace.commit],
    [
      "Author",
      trace.author ??
        (trace.commit === undefined ? undefined : "not known here: run the command in a clone of the repository"),
    ],
    ["Message", trace.message],
    ["Committed", timeAndAge(trace.time, now)],
    [
      "Also written by",
      writers.map(({ manager, time }) => (time === undefined ? manager : `${manager} at ${time}`)).join(", "),
    ],
  ]);
}
