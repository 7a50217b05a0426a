import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ControlPlaneBinaries } from "./binaries.js";
import type { Tokens } from "./control-plane-credentials.js";
import { endProcess, isRunning, type ProcessIdentity } from "./process-identity.js";

/** State that another process needs to use or stop a running control plane. */
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

/** Atomically writes a state, with mode 0600 since it contains tokens. */
export async function writeState(path: string, state: ControlPlaneState): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Reads a state; returns undefined if the file does not exist. Throws if it is not a state. */
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

/** Returns the running components; reused process ids are detected. */
export function runningComponents(state: ControlPlaneState): readonly string[] {
  return Object.entries(state.processes)
    .filter(([, identity]) => isRunning(identity))
    .map(([name]) => name);
}

/** Reports whether all components are running. */
export function isHealthy(state: ControlPlaneState): boolean {
  return runningComponents(state).length === Object.keys(state.processes).length;
}

/** Stops the recorded processes and removes their directory. Processes that reuse a recorded id are not affected. */
export async function endRecorded(state: ControlPlaneState): Promise<void> {
  await Promise.all(Object.values(state.processes).map((identity) => endProcess(identity, 0)));
  await rm(state.dir, { recursive: true, force: true, maxRetries: 5 });
}
