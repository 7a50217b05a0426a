import { findCondition } from "../api/conditions.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { MESSAGE_DIGITS } from "../api/short-revision.js";
import { isSuspended } from "../api/suspension.js";
import { known } from "./context.js";
import { environmentsOf } from "./environments.js";
import type { Gate } from "./gate.js";

/** Maximum number of apps in one message. */
const SHOWN = 5;
/** Delay until the gate is judged again without an event, in milliseconds. */
const AGAIN_MS = 60_000;

/**
 * Holds a Change while as many apps of an Environment as its `limits.concurrent` permits apply one, and a commit that has failed for another
 * app of the Environment.
 */
export const rolloutGate: Gate = {
  name: "rollout",
  waitReason: "Rollout",
  waitsForApps: true,
  watches: [
    { kind: "Environment", concerns: () => true },
    {
      kind: "OverseerApp",
      concerns: ({ current, previous }) =>
        previous !== undefined &&
        (readyOf(current) !== readyOf(previous) || current?.spec.suspend !== previous.spec.suspend),
    },
  ],
  judge: ({ app, inputs, started, cause, approvals, lister, rollout, now }) => {
    if (started || cause === "Rollback" || approvals?.brokenBy !== undefined) return { state: "Pass" };
    const limited = environmentsOf(app.metadata.namespace, lister.list("Environment")).filter(
      ({ spec }) => spec.limits?.concurrent !== undefined,
    );
    if (limited.length === 0) return { state: "Pass" };
    const until = now + AGAIN_MS;
    for (const { metadata, spec } of limited) {
      const namespaces = new Set(spec.namespaces?.map(({ name }) => name));
      const failed = failedFor(app, inputs.commit, namespaces, lister.list("OverseerApp"));
      if (failed !== undefined)
        return {
          state: "Wait",
          message: `Environment ${metadata.name}: commit ${inputs.commit.slice(0, MESSAGE_DIGITS)} has failed for OverseerApp ${failed}`,
          opens: `a newer commit, or OverseerApp ${failed} becoming healthy; in an emergency users with the verb break-glass`,
          until,
        };
      const limit = spec.limits?.concurrent ?? 0;
      const holders = known(rollout, "which apps apply a Change").take(metadata.name, namespaces, limit);
      if (holders.length === 0) continue;
      const suspended = suspendedOf(holders, lister.list("OverseerApp"), now);
      const names = [
        ...suspended.map((name) => `${name} (suspended before its Change has ended)`),
        ...holders.filter((name) => !suspended.includes(name)),
      ];
      const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
      const [first] = suspended;
      const resumed = first === undefined ? "" : ` (OverseerApp ${first} has to be resumed for that, or deleted)`;
      return {
        state: "Wait",
        message: `Environment ${metadata.name}: at most ${limit} ${limit === 1 ? "app applies a Change" : "apps apply Changes"} at a time (limits.concurrent): ${names.slice(0, SHOWN).join(", ")}${more}`,
        opens: `the end of one of these Changes${resumed}; in an emergency users with the verb break-glass`,
        until,
      };
    }
    return { state: "Pass" };
  },
};

function readyOf(app: OverseerApp | undefined): string | undefined {
  return findCondition(app?.status?.conditions, "Ready")?.status;
}

/** Returns those of the apps that are suspended: their Changes neither end nor go on, so that what they began may be half applied. */
function suspendedOf(keys: readonly string[], apps: Iterable<OverseerApp>, now: number): string[] {
  const wanted = new Set(keys);
  return [...apps].flatMap(({ metadata, spec }) => {
    const key = `${metadata.namespace}/${metadata.name}`;
    return wanted.has(key) && isSuspended(spec, now) ? [key] : [];
  });
}

/** Returns the other app of these namespaces for which a commit has failed and is not healthy again; undefined if there is none. */
function failedFor(
  { metadata }: OverseerApp,
  commit: string,
  namespaces: ReadonlySet<string>,
  apps: Iterable<OverseerApp>,
): string | undefined {
  for (const other of apps) {
    const { namespace, name } = other.metadata;
    if (!namespaces.has(namespace) || (namespace === metadata.namespace && name === metadata.name)) continue;
    const entry = other.status?.ledger?.findLast((one) => one.commit === commit || one.through === commit);
    if (entry === undefined) continue;
    const hasFailed = entry.ended === undefined ? entry.failed && !entry.firstHealthy : entry.how === "Failed";
    if (hasFailed) return `${namespace}/${name}`;
  }
  return undefined;
}
