import type { Environment } from "../../../../src/api/environment.js";
import type { GitRepository } from "../../../../src/api/git-repository.js";
import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import type { GateContext, Lister } from "../../../../src/gates/context.js";
import { app, inputs } from "../../controllers/support/resources.js";

/** A lister of these objects; `applied` maps apps to the newest commit that they have applied. */
export function listerOf(
  apps: readonly OverseerApp[] = [],
  repositories: readonly GitRepository[] = [],
  applied: Readonly<Record<string, string>> = {},
  environments: readonly Environment[] = [],
): Lister {
  const keyOf = ({ metadata }: OverseerApp | GitRepository | Environment): string =>
    metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  const all = { OverseerApp: apps, GitRepository: repositories, Environment: environments };
  return {
    get: (kind, key) => all[kind].find((object) => keyOf(object) === key) as never,
    list: (kind) => all[kind] as never,
    appliedCommit: (one) => applied[keyOf(one)],
  };
}

/** Nobody has decided anything. */
export const NO_DECISIONS: NonNullable<GateContext["approvals"]> = {
  ...{ approvedBy: undefined, approvers: [], brokenBy: undefined, uncounted: undefined, rejection: undefined },
};

/** A destination at which nothing holds the Change. */
export const NO_FACTS: GateContext["destination"] = {
  deletions: { needingApproval: undefined },
  missing: [],
  placed: { place: { cluster: undefined }, objects: [] },
};

/** A context in which every fact is known and nothing holds the Change. */
export function gateContext(changes: Partial<GateContext> = {}): GateContext {
  return {
    app: app("shop/web"),
    isStatusUnsigned: false,
    inputs: inputs("k"),
    repositoryIsCurrent: true,
    relatedRepositories: async () => [],
    commit: "k",
    started: false,
    cause: "Revision",
    request: undefined,
    approvals: NO_DECISIONS,
    plan: {},
    unrepeatable: async () => undefined,
    promotion: undefined,
    ownChangesIn: async () => undefined,
    authorsFor: async () => undefined,
    rollout: { take: () => [] },
    host: undefined,
    ownPolicies: async () => new Set(),
    destination: NO_FACTS,
    now: Date.UTC(2026, 10, 30, 12),
    lister: listerOf(),
    signal: new AbortController().signal,
    ...changes,
  };
}
