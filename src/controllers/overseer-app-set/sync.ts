import type { Reason } from "../../api/reasons.js";
import { explainRefusal } from "../../destinations/kubernetes/refusals/explain.js";
import { KubeStatusError } from "../../kube/errors.js";
import { AppSetError } from "./app-set-error.js";
import { type AppWriter, deleteApps, previewApps, type RejectedApp, writeApps } from "./children/write-apps.js";
import type { SetOutcome } from "./conditions.js";
import { writerOf } from "./identity.js";
import { planDigest, type SetPlan } from "./plan-set.js";
import { emit, type SetRun } from "./run.js";

/** Carries out a plan: everything as a dry run first, then creates and updates, then deletes. */
export async function applyPlan(run: SetRun, plan: SetPlan): Promise<SetOutcome> {
  const { creates, updates, deletions, leaving } = plan;
  const count = creates.length + updates.length + deletions.deletes.length;
  try {
    if (count > 0) {
      const writer = writerFor(run);
      const rejected = await previewOnce(run, writer, plan);
      if (rejected.length > 0) return rejection(rejected);
      if (run.set.spec.dryRun) return dryRunOutcome(plan);
      run.services.failpoint("app-set:after-preview");
      await write(run, writer, plan);
    }
  } catch (error) {
    return failure(error);
  }
  if (leaving.length > 0) {
    const message = `waiting until ${leaving.slice(0, 5).join(", ")} ${leaving.length === 1 ? "is" : "are"} deleted, to create ${leaving.length === 1 ? "it" : "them"} again`;
    return { kind: "progressing", cause: { reason: "DeletingApps", message } };
  }
  if (run.set.spec.dryRun) {
    return { kind: "dryRun", cause: { reason: "DryRun", message: "there is nothing to do (spec.dryRun is true)" } };
  }
  const apps = plan.total + run.written.created.length - run.written.deleted.length;
  return { kind: "upToDate", apps, submodules: plan.submodules };
}

/** Returns who writes the apps. Throws AppSetError if the set has no identity. */
export function writerFor({ services, set, signal }: SetRun): AppWriter {
  return { services, set, user: writerOf(set, services), signal };
}

/** Returns the outcome of an error of the API server or of the set. Throws all others. */
export function failure(error: unknown, terminating = false): SetOutcome {
  const ends = terminating ? { terminating } : {};
  if (error instanceof AppSetError) {
    const { reason, message } = error;
    return { kind: "failed", cause: { reason, message }, terminal: error.class === "terminal", ...ends };
  }
  if (!(error instanceof KubeStatusError) || error.statusCode === 409) throw error;
  const reason: Reason = error.statusCode === 403 ? "AppForbidden" : "AppRefused";
  return { kind: "failed", cause: { reason, message: explainRefusal(error) }, terminal: false, ...ends };
}

async function write(run: SetRun, writer: AppWriter, { creates, updates, deletions }: SetPlan): Promise<void> {
  const { written } = run;
  const restored = new Set(updates.filter(({ restores }) => restores).map(({ desired }) => desired.name));
  await writeApps(
    writer,
    updates.map(({ desired, live }) => ({ desired, live })),
    ({ name }) => {
      written.updated.push(name);
      const [reason, what] = restored.has(name) ? ["AppRestored", "restored fields of"] : ["AppUpdated", "updated"];
      emit(run, "Normal", reason, "Apply", `${what} app ${name}`);
    },
  );
  await writeApps(
    writer,
    creates.map((desired) => ({ desired })),
    ({ name, origin }) => {
      written.created.push(name);
      emit(run, "Normal", "AppCreated", "Apply", `created app ${name} for ${origin}`);
    },
  );
  run.services.failpoint("app-set:after-writes");
  await deleteApps(writer, deletions.deletes, ({ metadata }) => {
    written.deleted.push(metadata.name);
    emit(run, "Normal", "AppDeleted", "Delete", `deleted app ${metadata.name}, which is not generated any more`);
  });
}

/** A plan that is not carried out is dry-run once. */
async function previewOnce(run: SetRun, writer: AppWriter, plan: SetPlan): Promise<readonly RejectedApp[]> {
  const digest = planDigest(plan);
  if (run.set.spec.dryRun && run.memory.previewed === digest) return [];
  const rejected = await previewApps(writer, plan.creates, plan.updates);
  run.memory.previewed = rejected.length === 0 ? digest : undefined;
  return rejected;
}

function dryRunOutcome({ creates, updates, deletions }: SetPlan): SetOutcome {
  const parts = [
    ["create", creates.length],
    ["update", updates.length],
    ["delete", deletions.deletes.length],
  ] as const;
  const text = parts.flatMap(([verb, count]) => (count > 0 ? [`${verb} ${count}`] : [])).join(", ");
  const message = `would ${text} apps, see status.plan: set spec.dryRun to false to do so`;
  return { kind: "dryRun", cause: { reason: "DryRun", message } };
}

function rejection(rejected: readonly RejectedApp[]): SetOutcome {
  const [first, ...more] = rejected;
  const others = more.length === 0 ? "" : `; and ${more.length} more`;
  const text = first === undefined ? "" : `${first.name}: ${first.message}`;
  const reason = rejected.every(({ isForbidden }) => isForbidden)
    ? "AppForbidden"
    : rejected.some(({ exists }) => exists)
      ? "NameConflict"
      : "AppRefused";
  return { kind: "failed", cause: { reason, message: `nothing was written: app ${text}${others}` }, terminal: false };
}
