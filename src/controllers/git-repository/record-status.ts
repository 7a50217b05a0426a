import { columnMessage } from "../../api/column-message.js";
import { type Condition, type ConditionDraft, findCondition, mergeConditions } from "../../api/conditions.js";
import type { GitRepository, GitRepositoryStatus } from "../../api/git-repository.js";
import type { ConditionReason } from "../../api/reasons.js";
import { shortRevision } from "../../api/short-revision.js";
import { webhookPath } from "../../api/webhook-path.js";
import { rfc3339 } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";
import type { CommitInfo } from "../../git/index.js";
import { requestedAt } from "../requested-at.js";
import { type RepositoryOutcome, repositoryConditions } from "./conditions.js";
import type { GitRepositoryServices } from "./services.js";

const MAX_TEXT = 256;

/** Writes status and conditions. Without an outcome, keeps the conditions and only acknowledges the generation. */
export async function recordRepository(
  services: GitRepositoryServices,
  repository: GitRepository,
  status: GitRepositoryStatus,
  outcome: RepositoryOutcome | undefined,
): Promise<void> {
  const { clock, repositories } = services;
  const { generation, namespace, name } = repository.metadata;
  const current = repositories.get(`${namespace}/${name}`) ?? repository;
  const before = current.status?.conditions ?? [];
  const main = before.filter(({ type }) => type !== "StatusesReported");
  const conditions = [
    ...(outcome
      ? mergeConditions(before, drafts(repository, outcome), generation, rfc3339(clock.now()))
      : main.map((condition) => ({ ...condition, observedGeneration: generation }))),
    ...statusesReported(services, repository, before),
  ];
  const requested = requestedAt(repository.metadata);
  const handled = requested !== undefined && outcome !== undefined && outcome.kind !== "fetching";
  const { webhookPath: _, ...kept } = status;
  const next: GitRepositoryStatus = {
    ...kept,
    ...(kept.revision === undefined ? {} : { shortRevision: shortRevision(kept.revision) }),
    observedGeneration: generation,
    conditions,
    message: columnMessage(conditions, kept.revision),
    ...(repository.spec.webhook ? { webhookPath: webhookPath(repository.metadata) } : {}),
    ...(handled ? { lastHandledReconcileAt: requested } : {}),
  };
  const written = await services.status.write(repositories.resource, current, next);
  if (written && written !== current) repositories.note(written);
  services.observer.state(current, next);
}

/** Returns the condition StatusesReported, if the repository reports statuses: the current one until something is reported. */
function statusesReported(
  { statusesReported: reported, clock }: GitRepositoryServices,
  { metadata: { namespace, name, generation }, spec }: GitRepository,
  before: readonly Condition[],
): readonly Condition[] {
  if (spec.provider?.statuses !== true) return [];
  const draft = reported(`${namespace}/${name}`);
  if (draft) return mergeConditions(before, [draft], generation, rfc3339(clock.now()));
  const known = before.filter(({ type }) => type === "StatusesReported");
  return known.map((condition) => ({ ...condition, observedGeneration: generation }));
}

/** An outcome that says nothing about signatures keeps the condition Verified. */
function drafts({ spec, status }: GitRepository, outcome: RepositoryOutcome): ConditionDraft[] {
  const own = repositoryConditions(outcome);
  const last = findCondition(status?.conditions, "Verified");
  if (!spec.verify || last === undefined || own.some(({ type }) => type === "Verified")) return own;
  const { reason, message } = last;
  return [...own, { type: "Verified", status: last.status, reason: reason as ConditionReason, message }];
}

/** Returns the status fields of a commit. */
export function describeCommit(commit: CommitInfo): NonNullable<GitRepositoryStatus["commit"]> {
  return {
    id: commit.id,
    author: cutText(commit.author, MAX_TEXT),
    message: cutText(commitTitle(commit), MAX_TEXT),
    time: rfc3339(commit.time * 1000),
  };
}

/** Returns the first line of a commit's message. */
export function commitTitle(commit: CommitInfo): string {
  return commit.message.split("\n", 1)[0] ?? "";
}

/** Returns the object reference for an Event about the repository. */
export function eventSubject(repository: GitRepository) {
  const { namespace, name, uid } = repository.metadata;
  return { apiVersion: repository.apiVersion, kind: repository.kind, namespace, name, uid };
}
