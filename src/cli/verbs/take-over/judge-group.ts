import { judgeLeft, judgePlan, type PlanJudgement } from "../../../migration/take-over/judge-plan.js";
import { describeOwner, inventoryOf, type OwnerObject } from "../../../migration/take-over/owner.js";
import { shownName } from "../../connection/apps.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { print, say } from "../../terminal.js";
import { describeGroup } from "./groups.js";
import { existingObjects, type PlanObjects } from "./live-snapshot.js";
import { requestSync } from "./sync-apps.js";
import type { TakeOverContext } from "./take-over-context.js";

/** When a group is judged: before anything is changed, or again before its objects are adopted. */
export type Moment = "before" | "again";

/**
 * Plans all apps of a group, and returns the objects that exist. `owner` is the object of the other tool as it is now.
 *
 * @throws CommandError if a plan would replace a pod, re-create or delete anything, or create what the other tool does not have.
 */
export async function judgeGroup(context: TakeOverContext, owner: OwnerObject, moment: Moment): Promise<PlanObjects> {
  const { cluster, group, requester, flags } = context;
  const plans = [];
  const stops: string[] = [];
  const created: string[] = [];
  for (const app of group.apps) {
    const options = { requester, timeout: flags.timeout, quiet: flags.quiet === true, dryRun: true };
    const { status } = await requestSync(cluster, app, options);
    const judged = judgePlan(status ?? {});
    plans.push(status?.plan ?? []);
    created.push(...(judged.classes.create ?? []));
    stops.push(...judged.stops.filter((stop) => flags.runHooks !== true || !/: a hook would run$/.test(stop)));
    if (moment === "before") show(shownName(app), judged);
  }
  if (stops.length > 0)
    throw new CommandError(
      `nothing was ${moment === "before" ? "changed" : "adopted"}, because pods would be replaced or deleted, or objects re-created or deleted:\n${stops.map((stop) => `  ${stop}`).join("\n")}\nMake Git and the live objects equal first${stops.some((stop) => stop.endsWith("a hook would run")) ? ", or let hooks run with --run-hooks" : ""}`,
      EXIT.failed,
    );
  judgeInventory(context, owner, { planned: plans.flat().map(({ object }) => object), created }, moment);
  return existingObjects(plans);
}

function show(app: string, { classes, removedLabels, updatedDefinitions }: PlanJudgement): void {
  const counts = Object.entries(classes).map(([found, objects]) => `${objects.length} ${CLASS_NAMES[found] ?? found}`);
  print(`${app}: ${counts.length === 0 ? "nothing to change" : counts.join(", ")}\n`);
  if (updatedDefinitions.length > 0)
    say(
      `note: definitions that are updated: ${updatedDefinitions.join(", ")}. Compare their versions with what is installed, or leave them as they are with source.helm.skipCrds`,
    );
  if (removedLabels.length > 0)
    say(`note: labels that go: ${removedLabels.join(", ")}. Check what selects by them, for example ServiceMonitors`);
}

/** Compares the plans with what the other tool manages. */
function judgeInventory(
  { group, flags }: TakeOverContext,
  owner: OwnerObject,
  { planned, created }: { readonly planned: readonly string[]; readonly created: readonly string[] },
  moment: Moment,
): void {
  const nothing = `nothing was ${moment === "before" ? "changed" : "adopted"}`;
  const what = describeOwner(group.owner);
  const inventory = new Set(inventoryOf(group.owner, owner));
  const { doubled, harmless } = judgeLeft(
    [...inventory].filter((object) => !planned.includes(object)),
    created,
  );
  if (doubled.length > 0)
    throw new CommandError(
      `${nothing}, because objects of ${what} are not in ${describeGroup(group)}, which would create others of these kinds beside them: ${doubled.join(", ")}. Make the names equal first, for example by source.helm.releaseName, or remove these objects by the other tool`,
      EXIT.failed,
    );
  const added = created.filter((object) => !inventory.has(object));
  if (added.length > 0 && flags.allowCreate !== true)
    throw new CommandError(
      `${nothing}, because ${describeGroup(group)} would create objects that ${what} does not have: ${added.join(", ")}. If it has not applied them yet, let it sync first; if it leaves their files out (.sourceignore, a filter), write these into source.exclude of the app; to create them, use --allow-create`,
      EXIT.failed,
    );
  if (moment === "before")
    for (const object of harmless)
      say(
        `note: ${object} belongs to ${what}, but is not in ${describeGroup(group)}: it will remain, and no app will manage it`,
      );
}

const CLASS_NAMES: Readonly<Record<string, string>> = {
  equal: "equal",
  metadata: "with other metadata",
  fields: "with other fields",
  create: "to create",
  restart: "whose pods would be replaced",
  scale: "whose pods would become fewer",
  immutable: "to re-create",
  delete: "to delete",
  hook: "to run as hooks",
};
