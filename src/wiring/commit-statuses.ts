import type { OverseerApp } from "../api/overseer-app.js";
import { CommitStatusReporter } from "../controllers/commit-status/reporter.js";
import { openHostOf } from "../controllers/git-repository/repository-remote.js";
import { repositoryKey } from "../controllers/overseer-app/source/locate-inputs.js";
import { PlanCommenter } from "../controllers/plan-comment/commenter.js";
import { PromotionProposer } from "../controllers/promotion-pull-request/proposer.js";
import type { ReconcileResult } from "../reconcile/controller.js";
import { PRIORITY } from "../reconcile/work-queue.js";
import { type Controller, controller } from "./controller-of.js";
import type { SharedParts } from "./controllers.js";

/** Maximum number of reports in progress. */
const WORKERS = 4;

/** Creates the controller that reports commit statuses and plans to Git hosts, and opens pull requests of promotions. */
export function commitStatusController(shared: SharedParts): Controller {
  const { clock, resources, memories, events, reportFailures: failures, hosts, secrets, config, cluster } = shared;
  const reporter = new CommitStatusReporter({
    ...{ clock, memories, events, failures },
    apps: resources.caches.apps,
    repositories: resources.caches.repositories,
    repositoryOf: repositoryKey,
    open: (repository) => openHostOf({ hosts, secrets }, repository),
    targetUrlOf: (app) => targetUrl(config.commitStatusUrl, app),
    onReported: (app) => shared.enqueueApp(app, PRIORITY.background),
    onCondition: (repository) => shared.enqueueRepository(repository),
  });
  const commenter = new PlanCommenter({
    ...{ clock, memories, events, digestKey: cluster.digestKey },
    apps: resources.caches.apps,
    repositories: resources.caches.repositories,
    repositoryOf: repositoryKey,
    open: (repository) => openHostOf({ hosts, secrets }, repository),
  });
  const proposer = new PromotionProposer({
    ...{ clock, memories, events },
    apps: resources.caches.apps,
    repositories: resources.caches.repositories,
    repositoryOf: repositoryKey,
    open: (repository) => openHostOf({ hosts, secrets }, repository),
    onChanged: (app) => shared.enqueueApp(app, PRIORITY.background),
  });
  return controller(shared, "commitstatus", WORKERS, async (...call) => {
    const reports = [reporter, commenter, proposer];
    const results: ReconcileResult[] = [];
    for (const one of reports) results.push(await one.reconcile(...call));
    const due = results.flatMap(({ requeueAfterMs }) => (requeueAfterMs === undefined ? [] : [requeueAfterMs]));
    return due.length === 0 ? {} : { requeueAfterMs: Math.min(...due) };
  });
}

/** Returns the URL of an app in the pages that --commit-status-url names. */
export function targetUrl(template: string | undefined, { metadata }: OverseerApp): string | undefined {
  return template
    ?.replaceAll("{namespace}", encodeURIComponent(metadata.namespace))
    .replaceAll("{name}", encodeURIComponent(metadata.name));
}
