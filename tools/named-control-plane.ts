import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot } from "./cache.js";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.js";
import { attachControlPlane } from "./control-plane-attach.js";
import { ADMIN_USER, SAMPLE_USERS } from "./control-plane-credentials.js";
import { removeVolumeFolders } from "./control-plane-objects.js";
import { endRecorded, isHealthy, readState, runningComponents, writeState } from "./control-plane-state.js";
import { withKernelLock } from "./kernel-lock.js";

/** Where the control plane called `name` is recorded; its folder has the same path without `.json`. */
export function namedStatePath(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) throw new Error(`not a name for a control plane: ${name}`);
  return join(cacheRoot(), "control-planes", `${name}.json`);
}

/**
 * The control plane called `name`, which outlives this process: the one that runs, or a new one with `SAMPLE_USERS`.
 * What is left of one that ended by itself or by a reboot is cleared away first. Two calls at once start one.
 */
export async function startNamedControlPlane(name: string, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const statePath = namedStatePath(name);
  return exclusively(statePath, async () => {
    const state = await readState(statePath);
    if (state !== undefined && isHealthy(state)) return attachControlPlane(statePath);
    if (state !== undefined) await endRecorded(state);
    const dir = statePath.slice(0, -".json".length);
    await rm(dir, { recursive: true, force: true });
    const started = await startControlPlane({ users: SAMPLE_USERS, ...options, dir });
    await writeState(statePath, started.state());
    await started.detach();
    return attachControlPlane(statePath);
  });
}

/** Ends the control plane called `name` and removes its data; false when there is none. */
export async function stopNamedControlPlane(name: string): Promise<boolean> {
  const statePath = namedStatePath(name);
  return exclusively(statePath, async () => {
    const state = await readState(statePath);
    if (state === undefined) return false;
    await removeVolumeFolders({ url: state.url, caPem: state.caPem, token: state.tokens[ADMIN_USER.name] ?? "" });
    await endRecorded(state);
    await rm(statePath, { force: true });
    return true;
  });
}

/** What is known of the control plane called `name`. */
export interface NamedStatus {
  /** `degraded`: some component has ended by itself. */
  readonly phase: "absent" | "running" | "degraded";
  readonly url?: string;
  /** Components that run, with their process ids. */
  readonly running: Readonly<Record<string, number>>;
}

/** Looks at the processes of the control plane called `name`. */
export async function namedControlPlaneStatus(name: string): Promise<NamedStatus> {
  const state = await readState(namedStatePath(name));
  if (state === undefined) return { phase: "absent", running: {} };
  const running = Object.fromEntries(runningComponents(state).map((one) => [one, state.processes[one]?.pid ?? 0]));
  return { phase: isHealthy(state) ? "running" : "degraded", url: state.url, running };
}

function exclusively<T>(statePath: string, work: () => Promise<T>): Promise<T> {
  return withKernelLock(`control plane ${statePath}`, work);
}
