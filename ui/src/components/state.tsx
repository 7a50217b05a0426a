import { Icon, type IconName } from "./icon.js";

/** Meaning of a color: the only ones that the UI has besides the accent. */
export type Tone = "good" | "busy" | "warn" | "bad" | "idle";

/** Icon and tone of each state that the API names: health, sync, phases of Changes, results. */
const STATES: Readonly<Record<string, readonly [IconName, Tone]>> = {
  Healthy: ["ok", "good"],
  Progressing: ["busy", "busy"],
  Degraded: ["bad", "bad"],
  Missing: ["warn", "bad"],
  Suspended: ["pause", "idle"],
  Unknown: ["unknown", "idle"],
  Synced: ["check", "good"],
  Waiting: ["wait", "warn"],
  Applying: ["busy", "busy"],
  Drifted: ["drift", "warn"],
  Contested: ["drift", "bad"],
  Deleting: ["trash", "warn"],
  Failed: ["bad", "bad"],
  Paused: ["pause", "idle"],
  Planning: ["busy", "busy"],
  Refused: ["bad", "bad"],
  Verifying: ["busy", "busy"],
  Succeeded: ["ok", "good"],
  Rejected: ["bad", "bad"],
  Superseded: ["arrow", "idle"],
  Planned: ["ok", "idle"],
  Ready: ["ok", "good"],
  "Not ready": ["bad", "bad"],
  Pass: ["ok", "good"],
  Wait: ["wait", "warn"],
  Fail: ["bad", "bad"],
  Started: ["play", "idle"],
  Running: ["ok", "good"],
  Completed: ["check", "good"],
  Starting: ["busy", "busy"],
  Deploying: ["busy", "busy"],
  Restarting: ["sync", "warn"],
  Unhealthy: ["bad", "bad"],
  Exited: ["bad", "bad"],
  Stopped: ["pause", "idle"],
  Error: ["bad", "bad"],
  Done: ["check", "good"],
  Online: ["ok", "good"],
  Offline: ["bad", "bad"],
  Pinned: ["pin", "warn"],
};

/** Returns the tone of a state. */
export function toneOf(state: string): Tone {
  return STATES[state]?.[1] ?? "idle";
}

/** A state as icon, word and color, so that no one has to tell colors apart. `quiet` omits the background. */
export function State({ of: state, quiet = false }: { readonly of: string; readonly quiet?: boolean }) {
  const [icon, tone] = STATES[state] ?? ["unknown", "idle"];
  return (
    <span class={`state tone-${tone}${quiet ? " state-quiet" : ""}`}>
      <Icon name={icon} />
      {state}
    </span>
  );
}
