import { hasSameSource, type Inputs } from "../../../api/inputs.js";
import { type BackoffPolicy, backoffDelay, countFailure, type FailedTries } from "../../../base/backoff.js";
import { OverseerError } from "../../../base/errors.js";
import type { GitRemote, GitSnapshot } from "../../../git/engine.js";
import { withIgnored } from "../../../manifest/ignored/ignored-fields.js";
import {
  formatRenderProblem,
  PathNotFoundError,
  RenderError,
  RenderTimeoutError,
} from "../../../render/render-error.js";
import type { RenderRequest } from "../../../render/request.js";
import type { Problem } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { keysWith, type LocatedInputs, renderRequest, repositoryKey } from "./locate-inputs.js";
import { ownNamespace } from "./own-namespace.js";
import type { RelatedRepository } from "./related-repositories.js";
import { kindsOf } from "./resource-kinds.js";
import { withSubmodules } from "./submodules.js";

/** Renders that took too long are repeated rarely: the sources of others wait meanwhile. */
const SLOW: BackoffPolicy = { baseMs: 600_000, factor: 2, maxMs: 21_600_000 };

/** Returns the documents of located inputs, or the problem that prevents rendering them. */
export async function renderLocated(
  run: AppRun,
  { inputs, snapshot, request }: LocatedInputs,
): Promise<Rendered | Problem> {
  run.snapshot = snapshot;
  const known = knownRender(run, inputs);
  // Earlier inputs may be known by what an upgrade makes of them.
  if (known?.inputs.key === inputs.key) {
    if (run.memory.located) run.services.renderer.reused(run.memory.located.kind);
    return known;
  }
  const { clock } = run.services;
  const startedAt = clock.monotonic();
  const { failedRender } = run.memory;
  const failed = failedRender?.inputsKey === inputs.key ? failedRender : undefined;
  const dueAt = failed?.tries?.dueAt ?? Number.POSITIVE_INFINITY;
  if (failed !== undefined && startedAt < dueAt) {
    if (failed.tries !== undefined) run.requeueAfter(dueAt - startedAt);
    return renderProblem(inputs, failed.error);
  }
  try {
    return await renderInputs(run, inputs, snapshot, request);
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    // The suggestions for a missing path change with every commit, but the key does not.
    if (error.class === "terminal" && !(error instanceof PathNotFoundError)) {
      const tries = error instanceof RenderTimeoutError ? countSlow(run, failed?.tries, startedAt) : undefined;
      run.memory.failedRender = { inputsKey: inputs.key, error, tries };
    }
    if (error instanceof RenderError) logProblems(run, inputs, error);
    return renderProblem(inputs, error);
  }
}

/** Counts a render that took too long, and enqueues the app for the next one. */
function countSlow(run: AppRun, before: FailedTries | undefined, startedAt: number): FailedTries {
  const endedAt = run.services.clock.monotonic();
  const tries = countFailure(before, { startedAt, endedAt }, (failures) => backoffDelay(SLOW, failures));
  run.requeueAfter(tries.dueAt - endedAt);
  return tries;
}

/** Returns the known render of these inputs, unless the scope of a kind has changed since, which changes namespaces. */
function knownRender(run: AppRun, inputs: Inputs): Rendered | undefined {
  const known = run.memory.renders.get(inputs.key);
  const moved = known?.kinds.some((kind) => {
    const scope = run.destination.scopeOf(kind);
    return scope !== undefined && kind.scope !== undefined && scope !== kind.scope;
  });
  return moved ? undefined : known;
}

/**
 * Returns the last applied documents, to which drift is reverted. After a restart they are rendered again from their commit and
 * their source. Undefined if that commit is no longer available.
 */
export async function renderApplied(run: AppRun): Promise<Rendered | undefined> {
  const inputs = run.status.applied;
  if (!inputs) return undefined;
  if (run.desired?.inputs.key === inputs.key) return run.desired;
  try {
    return await renderEarlier(run, inputs, true);
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    run.logger.warn("the applied inputs cannot be rendered again", { revision: inputs.revision, error: error.message });
    return undefined;
  }
}

/**
 * Returns the documents of earlier inputs; undefined if their commit or values are no longer available. `isApplied`: they are applied. After an
 * upgrade, the inputs of the result have another key, since the documents may differ from those of before.
 */
export async function renderEarlier(run: AppRun, inputs: Inputs, isApplied = false): Promise<Rendered | undefined> {
  const known = knownRender(run, inputs);
  if (known) return known;
  const snapshot = await openEarlier(run, inputs);
  if (!snapshot) return undefined;
  const request = await renderRequest(run, inputs.source, { snapshot, isApplied });
  const repository = run.services.repositories.get(repositoryKey(run.app));
  const mayDiffer =
    request.external !== undefined ||
    request.openRemoteBase !== undefined ||
    repository?.spec.recurseSubmodules !== undefined;
  const current = { ...inputs, ...keysWith(await run.services.renderer.locate(request, snapshot), inputs) };
  // What is applied went to the namespace of that time, for example.
  const isKnown = isApplied && inputs.sourceKey !== undefined;
  if ((mayDiffer || isKnown) && !hasSameSource(current, inputs)) {
    run.logger.warn(
      "the applied inputs cannot be rendered again: their values, recurseSubmodules or the destination have changed",
      {
        revision: inputs.revision,
      },
    );
    return undefined;
  }
  const rendered = knownRender(run, current) ?? (await renderInputs(run, current, snapshot, request));
  if (run.memory.renders.has(current.key)) run.memory.renders.set(inputs.key, rendered);
  return rendered;
}

/**
 * Renders inputs once more, without a result that was kept. Undefined if their commit or values are no longer available.
 *
 * @throws OverseerError if they cannot be rendered.
 */
export async function renderAgain(
  run: AppRun,
  inputs: Inputs,
): Promise<Pick<Rendered, "documents" | "hooks"> | undefined> {
  const snapshot = await openEarlier(run, inputs);
  if (snapshot === undefined) return undefined;
  const { renderer } = run.services;
  const request = await renderRequest(run, inputs.source, { snapshot });
  const located = await renderer.locate(request, snapshot);
  if (!hasSameSource(keysWith(located, inputs), inputs)) return undefined;
  const { documents, hooks } = await renderer.render(request, snapshot);
  return { documents: withIgnored(inputs.ignoreDifferences, documents), hooks };
}

/** Returns the remote of the app's repository; undefined until it was polled, for example right after a start. */
export function remoteOf(run: AppRun): GitRemote | undefined {
  const key = repositoryKey(run.app);
  const ref = run.app.spec.source.ref ?? run.services.repositories.get(key)?.spec.ref;
  return run.services.index.remoteOf(key, ref);
}

/** Opens the commit of inputs; undefined if it cannot be fetched. `onOpen` is called with each submodule that is read. */
export async function openEarlier(
  run: AppRun,
  inputs: Inputs,
  onOpen?: (repository: RelatedRepository) => void,
): Promise<GitSnapshot | undefined> {
  const { engine } = run.services;
  const remote = remoteOf(run);
  if (!remote) return undefined;
  const known = await engine.open(remote, inputs.commit);
  if (!known)
    await engine.fetch(
      remote,
      { commit: inputs.commit, ref: undefined, tenant: run.app.metadata.namespace },
      run.signal,
    );
  const snapshot = known ?? (await engine.open(remote, inputs.commit));
  const repository = run.services.repositories.get(repositoryKey(run.app));
  return snapshot && withSubmodules(run, repository, remote, snapshot, onOpen);
}

async function renderInputs(
  run: AppRun,
  inputs: Inputs,
  snapshot: GitSnapshot,
  request: RenderRequest,
): Promise<Rendered> {
  const { destination } = run;
  const { renderer } = run.services;
  const { unknownKinds, ...result } = await renderer.render(request, snapshot, inputs.key);
  const documents = withIgnored(inputs.ignoreDifferences, result.documents);
  const hooks = result.hooks?.map(({ document }) => document) ?? [];
  const kinds = kindsOf([...result.documents, ...hooks]).map((kind) => ({ ...kind, scope: destination.scopeOf(kind) }));
  const { namespace, notes } = ownNamespace(run.app, inputs, documents);
  const rendered: Rendered = { ...result, notes: [...result.notes, ...notes], documents, inputs, kinds, namespace };
  // A kind unknown to the cluster may turn out to be cluster-scoped: do not reuse this render.
  if (unknownKinds.length === 0) run.memory.renders.set(inputs.key, rendered);
  return rendered;
}

/** Forgets documents of inputs that the app does not have any more. */
export function keepRenders({ memory, desired, status }: AppRun): void {
  memory.keepRenders([desired?.inputs.key, status.applied?.key, status.pin?.inputs.key]);
}

/** Returns the problem of inputs that cannot be rendered. */
export function renderProblem(inputs: Inputs, error: OverseerError): Problem {
  return {
    stage: "Render",
    reason: error.reason,
    message: `${inputs.revision}: ${error.message}`,
    ...(error instanceof RenderError ? { brief: `${inputs.revision}: ${error.brief}` } : {}),
    terminal: error.class === "terminal",
  };
}

/** Maximum number of logged problems of one source. */
const MAX_LOGGED = 500;

/** Logs every problem of a source that has several: a condition only has room for the first ones. */
function logProblems(run: AppRun, { revision }: Inputs, { problems }: RenderError): void {
  if (problems.length < 2) return;
  for (const problem of problems.slice(0, MAX_LOGGED))
    run.logger.warn("source problem", { app: run.key, revision, problem: formatRenderProblem(problem) });
}
