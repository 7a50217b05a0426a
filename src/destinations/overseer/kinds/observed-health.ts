import type { CoreAppObserved, CoreServiceState } from "../../../api/core/app.js";
import type { ObjectHealth } from "../../../plan/live.js";

/** Services and differences in a message. */
const SHOWN = 3;

/**
 * Returns the health of an app from what the agent of its node saw; undefined if there is nothing to report. `where` names the
 * node, with a leading space.
 */
export function observedHealth(observed: CoreAppObserved | null, where: string): ObjectHealth | undefined {
  if (observed === null) return undefined;
  const bad = observed.services.filter(({ state }) => state !== "running" && state !== "completed");
  const texts = [...bad.map(serviceText), ...observed.drift];
  if (texts.length === 0) return undefined;
  const more = texts.length > SHOWN ? `; and ${texts.length - SHOWN} more` : "";
  const place = where === "" ? "" : `${where.trimStart()}: `;
  const message = `${place}${texts.slice(0, SHOWN).join("; ")}${more}`;
  const progressing = observed.drift.length === 0 && bad.every(({ state }) => state === "starting");
  return { status: progressing ? "Progressing" : "Degraded", message };
}

function serviceText({ name, state, container, exitCode, lastLine }: CoreServiceState): string {
  const which = container === null ? "" : ` (container ${container})`;
  const code = exitCode === null ? "" : ` with code ${exitCode}`;
  const line = lastLine === null ? "" : `, last log line: ${lastLine}`;
  return `service ${name}${which} ${VERBS[state]}${code}${line}`;
}

const VERBS: Readonly<Record<CoreServiceState["state"], string>> = {
  running: "is running",
  completed: "has completed",
  starting: "is starting",
  restarting: "keeps restarting",
  unhealthy: "is unhealthy",
  exited: "has exited",
  stopped: "was stopped",
  paused: "is paused",
  missing: "has no container",
};
