import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot } from "./cache.js";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.js";
import { attachControlPlane } from "./control-plane-attach.js";
import { ADMIN_USER, SAMPLE_USERS } from "./control-plane-credentials.js";
import { removeVolumeFolders } from "./control-plane-objects.js";
import { endRecorded, isHealthy, readState, runningComponents, writeState } from "./control-plane-state.js";
import { withKernelLock } from "./kernel-lock.js";

/** Returns the path of the state of a named control plane; its directory is the same path without `.json`. */
export function namedStatePath(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) throw new Error(`invalid control plane name: ${name}`);
  return join(cacheRoot(), "control-planes", `${name}.json`);
}

/**
 * Returns the named control plane, which outlives this process: the running one, or a new one with `SAMPLE_USERS`. Removes
 * the remains of one that has exited. Concurrent calls start only one.
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

/** Stops the named control plane and removes its data; returns false if there is none. */
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

/** Status of a named control plane. */
export interface NamedStatus {
  /** `degraded`: a component has exited. */
  readonly phase: "absent" | "running" | "degraded";
  readonly url?: string;
  /** Process ids of running components. */
  readonly running: Readonly<Record<string, number>>;
}

/** Returns the status of a named control plane. */
export async function namedControlPlaneStatus(name: string): Promise<NamedStatus> {
  const state = await readState(namedStatePath(name));
  if (state === undefined) return { phase: "absent", running: {} };
  const running = Object.fromEntries(runningComponents(state).map((one) => [one, state.processes[one]?.pid ?? 0]));
  return { phase: isHealthy(state) ? "running" : "degraded", url: state.url, running };
}

function exclusively<T>(statePath: string, work: () => Promise<T>): Promise<T> {
  return withKernelLock(`control plane ${statePath}`, work);
}
