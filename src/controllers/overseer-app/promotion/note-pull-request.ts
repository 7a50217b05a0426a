import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { isSuspended } from "../../../api/suspension.js";
import { OverseerError } from "../../../base/errors.js";
import { canonicalJson } from "../../../base/hash.js";
import {
  type CarriedVersion,
  type Source,
  versionsToCarry,
  versionText,
} from "../../../gates/promotion/carried-versions.js";
import type { PromotionPath } from "../../../gates/promotion/paths.js";
import { editVersions } from "../../../gates/promotion/version-edits.js";
import type { GitSnapshot } from "../../../git/engine.js";
import { knownPullRequest } from "../../promotion-pull-request/proposer.js";
import { proposalId, proposalText, type WantedPullRequest } from "../../promotion-pull-request/wanted-pull-request.js";
import type { AppRun } from "../run.js";
import { type LocatedInputs, repositoryKey } from "../source/locate-inputs.js";
import { provenLedger } from "../status/ledger-signature.js";
import { editableFiles, type FilePlace } from "./editable-files.js";
import { UnlocatedError } from "./locate-at.js";
import { versionsAt } from "./proofs.js";

/**
 * Notes which pull request an app needs, if its Environment asks for one: that carries the versions which the earlier apps have tested to its
 * own files. Nothing is sent here. What cannot be found out changes nothing.
 */
export async function notePullRequest(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
): Promise<void> {
  const { memory, services, app } = run;
  if (isSuspended(app.spec, services.clock.now())) return;
  // It outlives the status of an app that leaves its Environment.
  if (memory.pullRequest === undefined) memory.pullRequest = app.status?.promotion?.pullRequest;
  if (!paths.some(({ pullRequests }) => pullRequests)) {
    memory.wantedPullRequest = knownPullRequest(run.app, memory) === undefined ? undefined : { kind: "None" };
  } else {
    try {
      memory.wantedPullRequest = await wantedPullRequest(run, paths, head);
    } catch (error) {
      if (!(error instanceof OverseerError) && !(error instanceof UnlocatedError)) throw error;
      memory.wantedPullRequest = undefined;
    }
  }
  if (memory.wantedPullRequest === undefined) return;
  if (memory.wantedPullRequest.kind === "None" && knownPullRequest(run.app, memory) === undefined) return;
  services.onCommitReport(run.key);
}

async function wantedPullRequest(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
): Promise<WantedPullRequest | undefined> {
  const compared = paths.filter(({ compare }) => compare === "Images");
  const earlier = compared.flatMap((path) => path.earlier.flatMap((one) => ("app" in one ? [{ ...one, path }] : [])));
  // Without all earlier apps, it is not known what they have tested.
  if (earlier.length < compared.flatMap((path) => path.earlier).length) return undefined;
  const sources = earlier.map(({ app, path }): Source => {
    const { metadata } = app;
    const proven = provenLedger(run.services, app);
    const name = `OverseerApp ${metadata.namespace}/${metadata.name}`;
    return { app: { name, ledger: "problem" in proven ? [] : proven.ledger, newest: undefined }, rule: path };
  });
  const current = await versionsAt(run, head.inputs);
  const versions = versionsToCarry(current, sources, run.status.ledger ?? [], run.services.clock.now());
  if (versions.length === 0) return { kind: "None" };
  const of = canonicalJson([head.inputs.key, head.inputs.commit, versions.map(({ to }) => versionText(to))]);
  const { memory } = run;
  if (memory.proposed?.of !== of)
    memory.proposed = {
      of,
      wanted: await propose(
        run,
        head,
        earlier.map(({ app }) => app),
        versions,
      ),
    };
  return memory.proposed.wanted;
}

async function propose(
  run: AppRun,
  head: LocatedInputs,
  earlier: readonly OverseerApp[],
  versions: readonly CarriedVersion[],
): Promise<WantedPullRequest> {
  const { app } = run;
  const { inputs, snapshot } = head;
  const base = branchOf(run, app, inputs.revision);
  const id = proposalId({ app: run.key, repository: urlOf(run, app) ?? "", base: base ?? "", versions });
  if (base === undefined)
    return {
      kind: "Impossible",
      id,
      why: "the app does not follow a branch: set source.ref.branch, or ref.branch of its GitRepository",
    };
  const files = await filesOf(run, snapshot, earlier, base, versions);
  const edited = await editVersions(files, versions);
  if (edited.carried.length === 0) {
    const names = versions.map(({ from }) => versionText(from)).join(", ");
    return {
      ...{ kind: "Impossible", id },
      why: `no file of the app alone has ${names} in a place that can be edited: an image, values with repository and tag, images of a kustomization, or a chart with its version`,
    };
  }
  const [first] = earlier;
  const from = first === undefined ? "" : `${first.metadata.namespace}/${first.metadata.name}`;
  const text = proposalText({ app: run.key, from, versions, missing: edited.missing });
  return { kind: "Propose", id, base, baseCommit: inputs.commit, files: edited.files, ...text };
}

/** Returns the branch that an app follows, and `revision` is of; undefined for a tag, a range or a commit. */
function branchOf({ services }: AppRun, app: OverseerApp, revision: string): string | undefined {
  const { branch, name, ...others } =
    app.spec.source.ref ?? services.repositories.get(repositoryKey(app))?.spec.ref ?? {};
  if (branch !== undefined) return branch;
  if (name !== undefined) return /^refs\/heads\/(.+)$/.exec(name)?.[1];
  const shown = /^(.+)@sha1:/.exec(revision)?.[1];
  return Object.values(others).some((value) => value !== undefined) || shown === "HEAD" ? undefined : shown;
}

/** The files of the app alone, and those of its parent with the document of the app, if they are in the same branch. */
async function filesOf(
  run: AppRun,
  snapshot: GitSnapshot,
  earlier: readonly OverseerApp[],
  base: string,
  versions: readonly CarriedVersion[],
): Promise<Awaited<ReturnType<typeof editableFiles>>> {
  const { app, services } = run;
  const isSame = (one: OverseerApp): boolean => urlOf(run, one) === urlOf(run, app);
  const shared = earlier.filter(isSame).map(({ spec }) => spec.source);
  const own: FilePlace = { source: app.spec.source };
  const parent = services.apps.get(parentOf(app));
  const isBeside =
    parent !== undefined &&
    isSame(parent) &&
    branchOf(run, parent, (parent.status?.attempted ?? parent.status?.applied)?.revision ?? "") === base;
  const { namespace, name } = run.ref;
  const isNamespaceRequired = [...services.apps.values()].some(
    (one) => one.metadata.name === name && one.metadata.namespace !== namespace && parentOf(one) === parentOf(app),
  );
  const parents = isBeside ? [{ source: parent.spec.source, onlyApp: { namespace, name, isNamespaceRequired } }] : [];
  return editableFiles(snapshot, [own, ...parents], shared, versions, services.renderer.limits);
}

/** Returns `namespace/name` of the app whose documents have the app. */
function parentOf({ metadata }: OverseerApp): string {
  const labels: Readonly<Record<string, string>> = metadata.labels ?? {};
  return `${labels[LABEL_APP_NAMESPACE]}/${labels[LABEL_APP]}`;
}

function urlOf({ services }: AppRun, app: OverseerApp): string | undefined {
  return services.repositories.get(repositoryKey(app))?.spec.url;
}
