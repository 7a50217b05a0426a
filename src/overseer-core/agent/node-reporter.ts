import type { CoreAppObserved } from "../../api/core/app.js";
import type { CoreNodeReport } from "../../api/core/node.js";
import { canonicalJson } from "../../base/hash.js";
import type { RunnerReports } from "./runner.js";

type AppReport = CoreNodeReport["apps"][number];

/** Collects what the runner reports until the Core has received it. A newer state of an app replaces an older one. */
export class NodeReporter implements RunnerReports {
  #problem: string | null = null;
  readonly #apps = new Map<string, AppReport>();
  readonly #pending = new Set<string>();
  #routes: CoreNodeReport["routes"] = [];
  #routesPending = false;
  #changed = false;
  #wake: () => void = () => {};

  problem(text: string | null): void {
    if (this.#problem === text) return;
    this.#problem = text;
    this.#notify();
  }

  app(name: string, observed: CoreAppObserved | null, redeploy: boolean, volumes: readonly string[] = []): void {
    this.#apps.set(name, { app: name, observed, redeploy, volumes: [...volumes] });
    this.#pending.add(name);
    this.#notify();
  }

  /** Sets which routes are published, and why others are not. */
  routes(routes: CoreNodeReport["routes"]): void {
    if (canonicalJson(routes) === canonicalJson(this.#routes)) return;
    this.#routes = routes;
    this.#routesPending = true;
    this.#notify();
  }

  /** Why the node cannot run jobs. */
  get nodeProblem(): string | null {
    return this.#problem;
  }

  /** Marks everything as not received, since the Core may have lost it. */
  repeatAll(): void {
    for (const name of this.#apps.keys()) this.#pending.add(name);
    this.#routesPending = true;
    this.#notify();
  }

  /** Waits until there is something to report. Throws the reason of the signal. */
  async ready(signal: AbortSignal): Promise<void> {
    while (!this.#changed) {
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          signal.removeEventListener("abort", this.#wake);
          resolve();
        };
        signal.addEventListener("abort", this.#wake, { once: true });
      });
      signal.throwIfAborted();
    }
  }

  /** Sends what was not received yet. If `send` fails, it is sent again with the next call. */
  async flush(send: (report: CoreNodeReport) => Promise<void>): Promise<void> {
    const names = [...this.#pending];
    const apps = names.flatMap((name) => this.#apps.get(name) ?? []);
    const routes = this.#routesPending ? this.#routes : [];
    this.#changed = false;
    this.#routesPending = false;
    this.#pending.clear();
    try {
      await send({ problem: this.#problem, apps, routes });
    } catch (error) {
      this.#routesPending ||= routes.length > 0;
      for (const name of names) this.#pending.add(name);
      this.#changed = true;
      throw error;
    }
    for (const sent of apps) {
      // A deployment is requested once; a lost request is repeated by the next look at the app.
      if (this.#apps.get(sent.app) === sent) this.#apps.set(sent.app, { ...sent, redeploy: false });
    }
  }

  #notify(): void {
    this.#changed = true;
    this.#wake();
  }
}
