import type { Change } from "../../src/api/change.js";
import type { WithConditions } from "./kube.js";
import { appRef, REPOSITORY_REF, until } from "./look.js";
import { DEMO_NAMESPACE } from "./sample.js";
import type { Stage } from "./stage.js";
import type { Facts } from "./step.js";

interface AppEvent {
  readonly reason: string;
  readonly note?: string;
  readonly eventTime?: string;
  readonly regarding?: { readonly name?: string };
}

/** Summarizes a Change: revision, name, summary, phase and the first few changed fields. */
export function describeChange(change: Change | undefined): Facts {
  if (change === undefined) return [];
  const { summary, phase, plan = [] } = change.status ?? {};
  const diffs = plan.flatMap(({ verb, object, diff = [] }) =>
    verb === "Delete"
      ? [`- ${object}`]
      : diff.map(({ path, from, to }) => `~ ${object} ${path}: ${from ?? "nothing"} → ${to ?? "nothing"}`),
  );
  return [
    ["revision", change.spec.inputs?.revision ?? ""],
    ["Change", [`${change.metadata.name}  ${summary ?? ""}  ${phase ?? ""}`, ...diffs.slice(0, 4)].join("\n")],
  ];
}

/** Returns the planned objects of a Change, one per line. */
export function plannedObjects(change: Change | undefined): string {
  return (change?.status?.plan ?? []).map(({ object }) => object).join("\n");
}

/** Waits for an Event with a reason about an app, and returns the newest one. */
export async function event(stage: Stage, app: string, reason: string): Promise<Facts> {
  const found = await until(stage, `Event ${reason}`, 10_000, async () => {
    const events = await stage.kube.list<AppEvent>("events.k8s.io/v1", "Event", DEMO_NAMESPACE);
    return events
      .filter((one) => one.reason === reason && one.regarding?.name === app)
      .sort((a, b) => ((a.eventTime ?? "") < (b.eventTime ?? "") ? 1 : -1))[0];
  });
  return [["Event", `${found.reason}: ${found.note ?? ""}`]];
}

/** Returns the conditions of the repository and of these apps, for a failed step. */
export async function conditionsOf(stage: Stage, apps: readonly string[]): Promise<Facts> {
  const lines: (readonly [string, string])[] = [];
  for (const ref of [REPOSITORY_REF, ...apps.map(appRef)]) {
    const object = await stage.kube.get<WithConditions>(ref);
    for (const { type, status, reason, message } of object?.status?.conditions ?? [])
      lines.push([`${ref.kind} ${ref.name}`, `${type}=${status} ${reason}: ${message}`]);
  }
  return lines;
}
