import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ControlPlaneBinaries } from "./binaries.js";
import type { Tokens } from "./control-plane-credentials.js";
import { endProcess, isRunning, type ProcessIdentity } from "./process-identity.js";

/** All that another process needs to use a running control plane, or to end it. */
export interface ControlPlaneState {
  readonly version: 1;
  readonly dir: string;
  readonly url: string;
  readonly caPem: string;
  readonly tokens: Tokens;
  readonly binaries: ControlPlaneBinaries;
  /** By component. */
  readonly processes: Readonly<Record<string, ProcessIdentity>>;
}

/** Writes a state (mode 0600: it holds tokens) so that readers see all of it or nothing. */
export async function writeState(path: string, state: ControlPlaneState): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Reads a state; undefined when there is none. Throws on a file that is not one. */
export async function readState(path: string): Promise<ControlPlaneState | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as ControlPlaneState;
  if (state.version !== 1) throw new Error(`${path} is not the state of a control plane: delete it and start again`);
  return state;
}

/** The components that still run; recycled process ids do not count. */
export function runningComponents(state: ControlPlaneState): readonly string[] {
  return Object.entries(state.processes)
    .filter(([, identity]) => isRunning(identity))
    .map(([name]) => name);
}

/** Whether everything that was started still runs. */
export function isHealthy(state: ControlPlaneState): boolean {
  return runningComponents(state).length === Object.keys(state.processes).length;
}

/** Ends what a state has recorded and removes its folder. Processes that only share a recorded id are left alone. */
export async function endRecorded(state: ControlPlaneState): Promise<void> {
  await Promise.all(Object.values(state.processes).map((identity) => endProcess(identity, 0)));
  await rm(state.dir, { recursive: true, force: true, maxRetries: 5 });
}
