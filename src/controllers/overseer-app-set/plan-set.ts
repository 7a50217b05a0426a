import { ANNOTATION_CONFIRM_DELETIONS } from "../../api/group.js";
import { canonicalJson, sha256 } from "../../base/hash.js";
import { type AppDeletions, judgeAppDeletions } from "../../plan/app-set-deletions.js";
import { desiredApps } from "./children/desired-apps.js";
import { type AppPlan, type LiveApp, planApps } from "./children/plan-apps.js";
import type { SetOutcome } from "./conditions.js";
import { generate } from "./generators/generate.js";
import { listed, type SetFields, type SetRun } from "./run.js";

/** What is to be done for a set, and what may be deleted. */
export interface SetPlan extends AppPlan {
  readonly deletions: AppDeletions<LiveApp>;
  /** Number of generated apps. */
  readonly generated: number;
  /** Number of apps in the cluster. */
  readonly total: number;
}

/**
 * Plans what is to be done for a set. Sends no request to the API server.
 *
 * @throws AppSetError if a generator fails, or if the template cannot be filled in.
 */
export async function planSet({ services, set, key, memory }: SetRun): Promise<SetPlan> {
  const { namespace, name, uid, annotations } = set.metadata;
  const generated = await generate(services.generation, set, memory.gitCache);
  const desired = desiredApps(
    set,
    generated.flatMap(({ sets }) => sets),
  );
  const own = [...services.apps.of(key)];
  const liveOf = (app: string): LiveApp | undefined => services.apps.get(`${namespace}/${app}`);
  const plan = planApps({ name, uid }, desired, own, liveOf);
  const total = own.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
  const deletions = judgeAppDeletions({
    set: { namespace, name },
    candidates: plan.candidates,
    total,
    prune: set.spec.prune ?? true,
    budget: set.spec.pruneBudget,
    allowEmpty: set.spec.allowEmpty ?? false,
    empty: generated.flatMap(({ empty }) => empty),
    confirmed: annotations?.[ANNOTATION_CONFIRM_DELETIONS],
  });
  return { ...plan, deletions, total, generated: desired.length - plan.submodules.length };
}

/** Returns the digest of a plan: equal plans have been dry-run already. */
export function planDigest({ creates, updates }: Pick<AppPlan, "creates" | "updates">): string {
  const parts = [
    creates.map(({ name, hash }) => [name, hash]),
    updates.map(({ desired, live }) => [desired.name, desired.hash, live.metadata.resourceVersion]),
  ];
  return sha256(canonicalJson(parts), 32);
}

/** Returns the fields of the status after a plan. What has been written is not part of the plan any more. */
export function fieldsOf(run: SetRun, plan: SetPlan, outcome: SetOutcome): SetFields {
  const { created, updated, deleted } = run.written;
  const left = (names: readonly string[], done: readonly string[]): string[] => {
    const finished = new Set(done);
    return names.filter((name) => !finished.has(name));
  };
  const nameOf = ({ metadata }: LiveApp): string => metadata.name;
  const creates = left(
    plan.creates.map(({ name }) => name),
    created,
  );
  const updates = left(
    plan.updates.map(({ desired }) => desired.name),
    updated,
  );
  const deletes = left(plan.deletions.deletes.map(nameOf), deleted);
  const isPending = creates.length + updates.length + deletes.length > 0 && outcome.kind !== "upToDate";
  const kept = [...plan.deletions.kept, ...plan.left].map(nameOf);
  return {
    counts: { generated: plan.generated, apps: plan.total + created.length - deleted.length },
    ...(isPending
      ? {
          plan: {
            hash: plan.deletions.hash,
            creates: creates.length,
            updates: updates.length,
            deletes: deletes.length,
            create: listed(creates),
            update: listed(updates),
            delete: listed(deletes),
          },
        }
      : {}),
    ...(kept.length > 0 ? { kept: listed(kept) } : {}),
  };
}
