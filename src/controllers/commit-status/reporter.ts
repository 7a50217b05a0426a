import { cutMessage } from "../../api/conditions.js";
import type { ReportedCommitStatus } from "../../api/git-provider.js";
import type { GitRepository } from "../../api/git-repository.js";
import { allowsNamespace } from "../../api/namespaces.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { Clock } from "../../base/clock.js";
import { OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { GitHost } from "../../git/index.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import type { ResourceCache } from "../resource-cache.js";
import { type CommitReport, nextReports } from "./commit-report.js";
import type { ReportFailures } from "./report-failures.js";

/** The part of an app's memory that this controller uses. */
export interface ReportMemory {
  /** What the last reconcile of the app found; undefined before the first one. */
  commitReport: CommitReport | undefined;
  /** What was last reported by this process; until then, the status has it. */
  commitStatus: ReportedCommitStatus | undefined;
}

/** Services of the reporter. */
export interface ReporterServices {
  readonly clock: Clock;
  readonly apps: ResourceCache<OverseerApp>;
  readonly repositories: ResourceCache<GitRepository>;
  readonly memories: ReadonlyMap<string, ReportMemory>;
  readonly failures: ReportFailures;
  readonly events: EventSink;
  /** Returns `namespace/name` of an app's repository. */
  readonly repositoryOf: (app: OverseerApp) => string;
  /** Opens the API of a repository's host. */
  readonly open: (repository: GitRepository) => Promise<GitHost>;
  /** URL of an app for people, from --commit-status-url. */
  readonly targetUrlOf: (app: OverseerApp) => string | undefined;
  /** Called when the reported status of an app has changed, so that it is written to its status. */
  readonly onReported: (app: string) => void;
  /** Called when the condition of a repository may have changed. */
  readonly onCondition: (repository: string) => void;
}

/**
 * Reports apps as statuses of the commits that they apply, one app per call. It reads what the app's reconcile left in memory, sends what
 * differs from the last report, and never delays or fails a sync.
 */
export class CommitStatusReporter {
  readonly #services: ReporterServices;

  constructor(services: ReporterServices) {
    this.#services = services;
  }

  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const { apps, repositories, memories, failures, repositoryOf } = this.#services;
    const app = apps.get(key);
    const name = app && repositoryOf(app);
    const repository = name === undefined ? undefined : repositories.get(name);
    const isOn = repository?.spec.provider?.statuses === true && repository.metadata.deletionTimestamp === undefined;
    if (!app || !isOn || name === undefined || !allowsNamespace(repository, app.metadata.namespace)) {
      for (const changed of failures.forget(key)) this.#services.onCondition(changed);
      if (name !== undefined && !isOn) failures.forgetRepository(name);
      return {};
    }
    for (const changed of failures.forget(key, name)) this.#services.onCondition(changed);
    const memory = memories.get(key);
    const wanted = memory?.commitReport;
    const reports = wanted ? nextReports(memory.commitStatus ?? app.status?.commitStatus, wanted) : [];
    if (memory === undefined || reports.length === 0) return {};
    const wait = failures.wait(name, key);
    if (wait > 0) return { requeueAfterMs: wait };
    try {
      await this.#send(app, repository, memory, reports, signal);
    } catch (error) {
      if (!(error instanceof OverseerError) || signal.aborted) throw error;
      return this.#failed(key, name, repository, error, logger);
    }
    if (failures.succeeded(name, key)) this.#services.onCondition(name);
    return {};
  }

  async #send(
    app: OverseerApp,
    repository: GitRepository,
    memory: ReportMemory,
    reports: readonly CommitReport[],
    signal: AbortSignal,
  ): Promise<void> {
    const { open, targetUrlOf, onReported } = this.#services;
    const { namespace, name } = app.metadata;
    const targetUrl = targetUrlOf(app);
    const host = await open(repository);
    for (const { commit, key, state, reason, message } of reports) {
      const status = { commit, context: `overseer/${namespace}/${name}`, state, description: `${reason}: ${message}` };
      await host.setStatus({ ...status, ...(targetUrl === undefined ? {} : { targetUrl }) }, signal);
      memory.commitStatus = { commit, key, state, reason };
      onReported(`${namespace}/${name}`);
    }
  }

  #failed(app: string, name: string, repository: GitRepository, error: OverseerError, logger: Logger): ReconcileResult {
    const { failures, events, onCondition } = this.#services;
    const { retryMs, isNew } = failures.failed(name, app, error);
    onCondition(name);
    if (isNew) {
      const { apiVersion, kind, metadata } = repository;
      const subject = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid };
      const message = cutMessage(`the commit status of app ${app} is not reported: ${error.message}`);
      events.record(subject, { type: "Warning", reason: error.reason, action: "Report", message });
      logger.warn("commit status not reported", { repository: name, reason: error.reason, error: error.message });
    }
    return retryMs === undefined ? {} : { requeueAfterMs: retryMs };
  }
}
