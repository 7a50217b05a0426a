import { findCondition } from "../../../api/conditions.js";
import type { GitRepository } from "../../../api/git-repository.js";
import type { RepositoryRow } from "../../../api/rest/repositories.js";
import { redactUrl } from "../../../base/redact.js";
import { lowerCase } from "./app-row.js";
import type { ListRow } from "./window.js";

/** Fields of repositories that filters may name. */
export const REPOSITORY_KEYS = ["ns", "name", "ready", "suspended"] as const;
/** Fields of repositories whose values are counted. */
export const REPOSITORY_FACETS = ["ns", "ready"] as const;
/** Columns of repositories to sort by. */
export const REPOSITORY_COLUMNS = ["state", "name", "ns", "fetched"] as const;

const MAX_MESSAGE = 256;
const STATE_RANK = { False: 0, Unknown: 1, True: 2 } as const;

/** Returns the row of a repository, with what it is filtered and sorted by. Pure. */
export function repositoryListRow(repository: GitRepository): ListRow<RepositoryRow> {
  const row = repositoryRow(repository);
  const { namespace, name, ready, url, revision = "", message = "", fetched = "" } = row;
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    row,
    fields: { ns: namespace, name, ready: ready.toLowerCase(), suspended: String(row.suspended === true) },
    labels: lowerCase(repository.metadata.labels ?? {}),
    text: `${namespace}/${name} ${url} ${revision} ${message}`.toLowerCase(),
    columns: { state: STATE_RANK[ready], name, ns: namespace, fetched },
  };
}

/** Returns a repository as lists show it. Pure. */
export function repositoryRow({ metadata, spec, status }: GitRepository): RepositoryRow {
  const ready = findCondition(status?.conditions, "Ready");
  const optional = {
    revision: status?.shortRevision,
    fetched: status?.lastFetchTime,
    suspended: spec.suspend ? (true as const) : undefined,
    webhook: status?.webhookPath,
    message: ready?.status === "True" ? undefined : ready?.message.slice(0, MAX_MESSAGE),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    url: redactUrl(spec.url),
    ready: ready?.status ?? "Unknown",
    ...(present as Partial<RepositoryRow>),
  };
}
