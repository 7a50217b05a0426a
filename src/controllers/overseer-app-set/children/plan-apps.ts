import { ANNOTATION_APP_SET, LABEL_APP_SET } from "../../../api/group.js";
import type { ObjectMeta } from "../../../api/meta.js";
import { isPaused } from "../../../plan/app-set-deletions.js";
import { covers } from "./covers.js";
import type { DesiredApp } from "./desired-apps.js";

/** An app in the cluster, in the namespace of the set. */
export interface LiveApp {
  readonly metadata: ObjectMeta;
  readonly spec: unknown;
}

/** The set that apps are planned for. */
export interface SetIdentity {
  readonly name: string;
  readonly uid: string;
}

/**
 * Owned: label and annotation name the set and this app. Claimed: only the label names the set, as on a copy, after the set was created
 * again, or because a user hands the app over; adopted if it is generated, never deleted. Foreign: the label does not name the set.
 */
export type AppOwnership = "Owned" | "Claimed" | "Foreign";

/** An app to update. */
export interface AppUpdate {
  readonly desired: DesiredApp;
  readonly live: LiveApp;
  /** Whether the template is as it was applied, so that others have changed the app. */
  readonly restores: boolean;
}

/** What is to be done for the apps of a set. */
export interface AppPlan {
  readonly creates: readonly DesiredApp[];
  readonly updates: readonly AppUpdate[];
  /** Owned apps that are not generated any more. */
  readonly candidates: readonly LiveApp[];
  /** Apps that are not generated and that the set does not own, or that are paused. */
  readonly left: readonly LiveApp[];
  /** Generated apps that are being deleted. They are created again afterwards. */
  readonly leaving: readonly string[];
  /** The submodule of each app that is not created, since it could read nothing. */
  readonly submodules: readonly string[];
  /** Generated apps whose name belongs to an app of others, with the reason. */
  readonly conflicts: readonly string[];
}

/** Plans what is to be done. `liveOf` returns any app of the namespace; `own` are those with the label of the set. */
export function planApps(
  set: SetIdentity,
  desired: readonly DesiredApp[],
  own: Iterable<LiveApp>,
  liveOf: (name: string) => LiveApp | undefined,
): AppPlan {
  const creates: DesiredApp[] = [];
  const updates: AppUpdate[] = [];
  const leaving: string[] = [];
  const conflicts: string[] = [];
  const submodules: string[] = [];
  for (const app of desired) {
    const live = liveOf(app.name);
    const isOwn = live !== undefined && ownershipOf(set, live) !== "Foreign";
    if (app.submodule !== undefined && !isOwn) submodules.push(app.submodule);
    else if (live === undefined) creates.push(app);
    else if (!isOwn) conflicts.push(conflictText(set, app, live));
    else if (live.metadata.deletionTimestamp !== undefined) leaving.push(app.name);
    else if (!isPaused(live) && needsWrite(set, app, live)) {
      updates.push({ desired: app, live, restores: appliedHash(set, live) === app.hash });
    }
  }
  const names = new Set(desired.map(({ name }) => name));
  const rest = [...own].filter(({ metadata }) => !names.has(metadata.name) && metadata.deletionTimestamp === undefined);
  const isCandidate = (live: LiveApp): boolean => ownershipOf(set, live) === "Owned" && !isPaused(live);
  return {
    creates,
    updates,
    leaving,
    conflicts,
    submodules,
    candidates: rest.filter(isCandidate),
    left: rest.filter((live) => !isCandidate(live)),
  };
}

/** Returns whose app it is. */
export function ownershipOf(set: SetIdentity, live: LiveApp): AppOwnership {
  if (live.metadata.labels?.[LABEL_APP_SET] !== set.name) return "Foreign";
  return appliedHash(set, live) === undefined ? "Claimed" : "Owned";
}

/** Returns the hash of what the set has applied last; undefined if the annotation names another set or app. */
function appliedHash(set: SetIdentity, { metadata }: LiveApp): string | undefined {
  const prefix = `${set.uid}/${metadata.name}#`;
  const text = metadata.annotations?.[ANNOTATION_APP_SET];
  return text?.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}

function needsWrite(set: SetIdentity, app: DesiredApp, live: LiveApp): boolean {
  const { labels = {}, annotations = {} } = live.metadata;
  return (
    appliedHash(set, live) !== app.hash ||
    !covers(labels, app.labels) ||
    !covers(annotations, app.annotations) ||
    !covers(live.spec, app.spec)
  );
}

function conflictText(set: SetIdentity, { name, origin }: DesiredApp, live: LiveApp): string {
  const other = live.metadata.labels?.[LABEL_APP_SET];
  const owner = other === undefined ? "does not belong to this set" : `belongs to OverseerAppSet ${other}`;
  return `OverseerApp ${name} (${origin}) exists and ${owner}: rename one of them, or hand the app over with kubectl label overseerapp ${name} ${LABEL_APP_SET}=${set.name} --overwrite`;
}
