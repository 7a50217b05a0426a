import type { Inputs } from "../../../api/inputs.js";
import { OverseerError } from "../../../base/errors.js";
import type { GitSnapshot } from "../../../git/engine.js";
import { formatRenderProblem, PathNotFoundError, RenderError } from "../../../render/render-error.js";
import type { Problem } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { isProblem, locateInputs, renderRequest, repositoryKey } from "./locate-inputs.js";
import { kindsOf } from "./resource-kinds.js";

/** Renders what Git says now, or takes it from memory where the inputs are the same. */
export async function renderDesired(run: AppRun): Promise<Rendered | Problem> {
  const located = await locateInputs(run);
  if (isProblem(located)) return located;
  const { inputs, snapshot } = located;
  run.locatedCommit = inputs.commit;
  run.snapshot = snapshot;
  const known = knownRender(run, inputs);
  if (known) {
    if (run.memory.located) run.services.renderer.reused(run.memory.located.kind);
    return known;
  }
  const failed = run.memory.failedRender;
  if (failed?.inputsKey === inputs.key) return renderProblem(inputs, failed.error);
  try {
    return await renderInputs(run, inputs, snapshot);
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    // What is there instead of a missing path changes with every commit, and no key says so.
    if (error.class === "terminal" && !(error instanceof PathNotFoundError))
      run.memory.failedRender = { inputsKey: inputs.key, error };
    if (error instanceof RenderError) logProblems(run, inputs, error);
    return renderProblem(inputs, error);
  }
}

/** What was rendered of these inputs before, unless the kinds belong elsewhere since: then names and namespaces are others. */
function knownRender(run: AppRun, inputs: Inputs): Rendered | undefined {
  const known = run.memory.renders.get(inputs.key);
  const moved = known?.kinds.some((kind) => {
    const scope = run.destination.scopeOf(kind);
    return scope !== undefined && kind.scope !== undefined && scope !== kind.scope;
  });
  return moved ? undefined : known;
}

/**
 * The documents that were last applied: what drift is healed to. After a restart they are rendered again from their own
 * commit and the source as it was. Undefined when that commit cannot be had any more.
 */
export async function renderApplied(run: AppRun): Promise<Rendered | undefined> {
  const inputs = run.status.applied;
  if (!inputs) return undefined;
  if (run.desired?.inputs.key === inputs.key) return run.desired;
  const known = knownRender(run, inputs);
  if (known) return known;
  try {
    const snapshot = await openApplied(run, inputs);
    return snapshot ? await renderInputs(run, inputs, snapshot) : undefined;
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    run.logger.warn("the applied inputs cannot be rendered again", { revision: inputs.revision, error: error.message });
    return undefined;
  }
}

async function openApplied(run: AppRun, inputs: Inputs): Promise<GitSnapshot | undefined> {
  const { index, engine } = run.services;
  const remote = index.get(
    repositoryKey(run.app),
    run.app.spec.source.ref ?? run.services.repositories.get(repositoryKey(run.app))?.spec.ref,
  )?.resolved?.remote;
  if (!remote) return undefined;
  const snapshot = await engine.open(remote, inputs.commit);
  if (snapshot) return snapshot;
  await engine.fetch(remote, { commit: inputs.commit, ref: undefined }, run.signal);
  return engine.open(remote, inputs.commit);
}

async function renderInputs(run: AppRun, inputs: Inputs, snapshot: GitSnapshot): Promise<Rendered> {
  const { destination } = run;
  const { renderer } = run.services;
  const { unknownKinds, ...result } = await renderer.render(renderRequest(run, inputs.source), snapshot, inputs.key);
  const kinds = kindsOf(result.documents).map((kind) => ({ ...kind, scope: destination.scopeOf(kind) }));
  const rendered: Rendered = { ...result, inputs, kinds };
  // A kind that the cluster does not know yet may turn out to be cluster-scoped: look again next time.
  if (unknownKinds.length === 0) run.memory.renders.set(inputs.key, rendered);
  return rendered;
}

function renderProblem(inputs: Inputs, error: OverseerError): Problem {
  return {
    stage: "Render",
    reason: error.reason,
    message: `${inputs.revision}: ${error.message}`,
    ...(error instanceof RenderError ? { brief: `${inputs.revision}: ${error.brief}` } : {}),
    terminal: error.class === "terminal",
  };
}

/** Problems of one source that have a line in the log. */
const MAX_LOGGED = 500;

/** Logs every problem of a source with several, once: a condition has room for the first few. */
function logProblems(run: AppRun, { revision }: Inputs, { problems }: RenderError): void {
  if (problems.length < 2) return;
  for (const problem of problems.slice(0, MAX_LOGGED))
    run.logger.warn("source problem", { app: run.key, revision, problem: formatRenderProblem(problem) });
}
