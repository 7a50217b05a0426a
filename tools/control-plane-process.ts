import { type ApiEndpoint, apiRequest } from "./api-client.js";
import { layoutFiles } from "./control-plane-flags.js";
import type { ProcessGuard } from "./process-guard.js";
import type { ProcessIdentity } from "./process-identity.js";
import { type LoggedProcess, spawnLogged } from "./processes.js";
import { FatalWaitError, waitUntil } from "./wait-until.js";

/** A component of the control plane has exited unexpectedly. */
export class ComponentError extends FatalWaitError {
  override readonly code = "COMPONENT_ENDED";
  /** Whether it exited because another program uses its port. */
  readonly portTaken: boolean;

  constructor(component: LoggedProcess) {
    const log = component.tail();
    super(`${component.name} ended with ${component.ended()}; the end of ${component.logFile}:\n${log}`);
    this.name = "ComponentError";
    this.portTaken = /address already in use/.test(log);
  }
}

/** Components of one control plane by name; each can be restarted. */
export class ComponentSet {
  readonly #dir: string;
  readonly #guard: ProcessGuard;
  readonly #running = new Map<string, LoggedProcess>();

  constructor(dir: string, guard: ProcessGuard) {
    this.#dir = dir;
    this.#guard = guard;
  }

  /** Starts a component, isolated from `~/.kube`, `~/.kwok` and `KUBECONFIG`. */
  async start(name: string, command: string, flags: readonly string[]): Promise<void> {
    const logFile = layoutFiles(this.#dir).log(name);
    const env = { PATH: process.env.PATH ?? "", HOME: this.#dir };
    const component = await spawnLogged(name, command, flags, { logFile, cwd: this.#dir, env, guard: this.#guard });
    this.#running.set(name, component);
  }

  /** Stops a component gracefully, or at once if `graceMs` is 0. */
  async stop(name: string, graceMs: number): Promise<void> {
    await this.#running.get(name)?.stop(graceMs);
    this.#running.delete(name);
  }

  /** Stops all components concurrently. */
  async stopAll(graceMs: number): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name, graceMs)));
  }

  /** Throws a `ComponentError` for the first component that has exited. */
  check(): void {
    for (const component of this.#running.values()) {
      if (component.ended() !== undefined) throw new ComponentError(component);
    }
  }

  /** Returns the running processes. */
  identities(): Readonly<Record<string, ProcessIdentity>> {
    return Object.fromEntries([...this.#running].map(([name, component]) => [name, component.identity]));
  }

  /** Returns the last log lines of a component, for error messages. */
  tail(name: string): string {
    return this.#running.get(name)?.tail() ?? "";
  }
}

/** Waits until the API server is ready; `endpoint` may throw until its CA is written. */
export async function waitForApiServer(
  components: ComponentSet,
  endpoint: () => Promise<ApiEndpoint>,
  timeoutMs: number,
): Promise<ApiEndpoint> {
  const options = { what: "the API server to be ready", timeoutMs, intervalMs: 50 };
  return waitUntil(options, async () => {
    components.check();
    const api = await endpoint();
    const answer = await apiRequest(api, "GET", "/readyz");
    if (answer.status !== 200) throw new Error(`/readyz returned ${answer.status}`);
    return api;
  }).catch((error: unknown) => {
    if (error instanceof FatalWaitError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}; last log lines:\n${components.tail("kube-apiserver")}`);
  });
}
