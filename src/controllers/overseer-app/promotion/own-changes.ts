import type { Environment } from "../../../api/environment.js";
import { hasSameSource, type Inputs, isKeyOf } from "../../../api/inputs.js";
import { canonicalJson } from "../../../base/hash.js";
import { MissingFactError } from "../../../gates/context.js";
import { proofOf } from "../../../gates/promotion/eligibility.js";
import { ownChanges } from "../../../gates/promotion/own-changes.js";
import { type PromotionPath, promotionPaths } from "../../../gates/promotion/paths.js";
import { type EarlierSource, untestedEdit } from "../../../gates/promotion/source-edit.js";
import { serverTime } from "../gates/server-time.js";
import { documentsWithHooks } from "../rendered.js";
import type { AppRun } from "../run.js";
import { remoteOf, renderEarlier } from "../source/render.js";
import { provenLedger } from "../status/ledger-signature.js";

/**
 * Returns what a Change brings into an Environment that no earlier one has tested, if the Environment asks for that; undefined otherwise.
 * An edit of `spec.source` is always asked for with `compare: Commit`: the commit was tested with another source. Throws MissingFactError if
 * it cannot be found out.
 */
export async function ownChangesIn(
  run: AppRun,
  { metadata }: Environment,
  inputs: Inputs,
): Promise<string | undefined> {
  const path = promotionPaths(run.app, run.services.lister).find(({ environment }) => environment === metadata.name);
  const { applied } = run.status;
  if (path === undefined || hasSameSource(applied, inputs)) return undefined;
  const isAsked = path.ownChanges === "Ask";
  if (path.compare === "Images") return isAsked ? newDocuments(run, inputs) : undefined;
  if (applied === undefined) return undefined;
  if (canonicalJson(applied.source) !== canonicalJson(inputs.source)) {
    const edit = untestedEdit(applied.source, inputs.source, earlierSources(run, path));
    if (edit !== undefined) return edit;
    if (applied.commit === inputs.commit) return undefined;
  }
  if (!isAsked) return undefined;
  if (applied.commit === inputs.commit)
    return "an edit of the app, or of what it reads besides Git, was not tested by an earlier Environment";
  return untouchedEarlier(run, path, applied.commit, inputs.commit);
}

function earlierSources({ services }: AppRun, path: PromotionPath): EarlierSource[] {
  return path.earlier.map((one) => {
    if ("problem" in one) return { name: one.problem, source: undefined, proof: { proven: false, why: one.problem } };
    const { metadata, status } = one.app;
    const { applied } = status ?? {};
    const signed = provenLedger(services, one.app);
    if ("problem" in signed)
      return { name: signed.problem, source: undefined, proof: { proven: false, why: signed.problem } };
    const { ledger } = signed;
    const last = ledger.at(-1);
    const isCurrent = last !== undefined && isKeyOf(last.key, applied) && last.ended === undefined;
    return {
      name: `OverseerApp ${metadata.namespace}/${metadata.name}`,
      source: applied?.source,
      proof: isCurrent
        ? proofOf(ledger, ledger.length - 1, path, serverTime(services))
        : { proven: false, why: "its applied inputs are not in its ledger yet" },
    };
  });
}

async function newDocuments(run: AppRun, inputs: Inputs): Promise<string | undefined> {
  const { applied } = run.status;
  if (applied === undefined) return "nothing is applied yet, so that everything but the images is new";
  const [before, after] = [await renderEarlier(run, applied), await renderEarlier(run, inputs)];
  if (before === undefined || after === undefined)
    throw new MissingFactError(`the documents of ${(before === undefined ? applied : inputs).revision} are not known`);
  return ownChanges(documentsWithHooks(before), documentsWithHooks(after));
}

/** Returns that the commits since the applied one have changed this app only: the earlier ones have had their inputs before. */
async function untouchedEarlier(
  run: AppRun,
  { earlier }: PromotionPath,
  base: string,
  commit: string,
): Promise<string | undefined> {
  const remote = remoteOf(run);
  if (remote === undefined) throw new MissingFactError("the repository has not been read yet");
  const { commits } = await run.services.lines.of(remote, commit, base, run.signal);
  const since = new Set(commits.slice(0, Math.max(0, commits.indexOf(base))));
  const apps = earlier.flatMap((one) => ("app" in one ? [one.app] : []));
  const hasChanged = apps.some(({ status }) => status?.ledger?.some((entry) => since.has(entry.commit)));
  return hasChanged
    ? undefined
    : "its commits have changed nothing in the earlier Environments, which have not tested it";
}
