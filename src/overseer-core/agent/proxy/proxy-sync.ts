import type { CoreNodeReport } from "../../../api/core/node.js";
import type { CoreNodeRoute } from "../../../api/core/route.js";
import { unlessAborted } from "../../../base/abort.js";
import type { Clock } from "../../../base/clock.js";
import { cutText } from "../../../base/cut-text.js";
import { messageOf } from "../../../base/errors.js";
import { canonicalJson } from "../../../base/hash.js";
import type { Logger } from "../../../base/logger.js";
import { pause } from "../pause.js";
import type { CaddyAdmin } from "./caddy-admin.js";
import { type ProxySettings, withRoutes } from "./caddy-config.js";
import { type GivenCertificate, givenCertificates } from "./certificates.js";
import { type PlannedRoute, planRoutes } from "./plan-routes.js";
import { RejectedCertificates } from "./rejected-certificates.js";
import type { Upstreams } from "./upstreams.js";

/** Time in milliseconds to collect changes of containers and routes. */
const COLLECT_MS = 200;
/** Interval of checks whether Caddy was restarted without its configuration, and whether certificates were renewed. */
const CHECK_MS = 10_000;
/** Longest problem of a route. */
const MAX_PROBLEM = 1000;

/** Proxy of a node. Undefined `caddy`: the node has none. */
export interface ProxyOptions {
  readonly caddy?: CaddyAdmin;
  readonly upstreams: Upstreams;
  readonly settings: ProxySettings;
  /** Directory with the files `NAME.crt` and `NAME.key`. */
  readonly certificates?: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Report = (routes: CoreNodeReport["routes"]) => void;

/** Keeps the configuration of the proxy equal to the routes of the node and to the addresses of its containers. */
export class ProxySync {
  readonly #options: ProxyOptions;
  readonly #rejected: RejectedCertificates;
  #routes: readonly CoreNodeRoute[] | undefined;
  #setKnown: () => void = () => {};
  readonly #known = new Promise<void>((resolve) => {
    this.#setKnown = resolve;
  });
  #wake: () => void = () => {};
  #dirty = false;
  /** Whether the proxy has no route of ours, so that nothing needs a check. */
  #empty = false;
  #lastError = "";

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#rejected = new RejectedCertificates(options.clock);
  }

  /** Returns the routes to publish, as soon as the Core has sent them. Throws the reason of the signal. */
  async routes(signal: AbortSignal): Promise<readonly CoreNodeRoute[]> {
    await unlessAborted(this.#known, signal);
    return this.#routes ?? [];
  }

  /** Sets the routes to publish. Until the first call, the proxy keeps what it has. */
  setRoutes(routes: readonly CoreNodeRoute[]): void {
    this.#routes = routes;
    this.#setKnown();
    this.#changed();
  }

  /** Publishes routes until `signal` is aborted. They stay published. */
  async run(report: Report, signal: AbortSignal): Promise<void> {
    const { clock, upstreams, caddy } = this.#options;
    const stop = upstreams.listen(() => this.#changed());
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    try {
      while (!signal.aborted) {
        await this.#next();
        if (signal.aborted) return;
        await pause(clock, COLLECT_MS, signal);
        this.#dirty = false;
        const routes = this.#routes;
        if (routes === undefined || (routes.length === 0 && this.#empty)) continue;
        await this.#sync(routes, report, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      stop();
      await caddy?.close();
    }
  }

  #changed(): void {
    this.#dirty = true;
    this.#wake();
  }

  /** Waits for a change, or for the next check. */
  async #next(): Promise<void> {
    if (this.#dirty) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(CHECK_MS, () => resolve());
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async #sync(routes: readonly CoreNodeRoute[], report: Report, signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    try {
      const planned = await this.#publish(routes, signal);
      report(
        planned.map(({ id, problem }) => ({ id, problem: problem === null ? null : cutText(problem, MAX_PROBLEM) })),
      );
      this.#empty = routes.length === 0;
      this.#lastError = "";
    } catch (error) {
      signal.throwIfAborted();
      const problem = messageOf(error);
      report(routes.map(({ id }) => ({ id, problem: cutText(problem, MAX_PROBLEM) })));
      if (problem !== this.#lastError) logger.warn("cannot publish the routes", { error: problem });
      this.#lastError = problem;
    }
  }

  async #publish(routes: readonly CoreNodeRoute[], signal: AbortSignal): Promise<PlannedRoute[]> {
    const { caddy, settings, certificates: directory } = this.#options;
    if (caddy === undefined) {
      if (routes.length === 0) return [];
      throw new Error("the node has no proxy: install Caddy, and start the agent of the node with --proxy caddy");
    }
    const containersOf = await this.#options.upstreams.read(signal);
    const { found, problems } = givenCertificates(directory);
    return this.#rejected.publish(found, async (given) => {
      const planned = planRoutes(routes, containersOf, (hostname) => {
        const own = given.filter((one) => one.covers(hostname));
        if (own.length === 0) return noCertificate(hostname, settings, problems);
        return own.some(({ problem }) => problem === undefined) ? undefined : own[0]?.problem;
      });
      const usable = given.filter(({ problem }) => problem === undefined);
      const used = usable.filter((one) => planned.some(({ tls, hostname }) => tls && one.covers(hostname)));
      await this.#replace(caddy, planned, used, signal);
      return planned;
    });
  }

  async #replace(
    caddy: CaddyAdmin,
    planned: readonly PlannedRoute[],
    used: readonly GivenCertificate[],
    signal: AbortSignal,
  ): Promise<void> {
    const { settings, logger } = this.#options;
    for (let attempt = 1; attempt <= 5; attempt++) {
      const { config, etag } = await caddy.read(signal);
      const next = withRoutes(config, planned, used, settings);
      if (canonicalJson(next) === canonicalJson(config)) return;
      if (await caddy.replace(next, etag, signal)) {
        logger.info("published routes", { routes: planned.filter(({ problem }) => problem === null).length });
        return;
      }
    }
    throw new Error("another program changes the configuration of Caddy all the time: give Overseer its own Caddy");
  }
}

/** Returns why no certificate for a host name can be issued; undefined if one can. */
function noCertificate(hostname: string, { issuer }: ProxySettings, problems: readonly string[]): string | undefined {
  const also = problems.length === 0 ? "" : ` (${problems.slice(0, 3).join("; ")})`;
  const remedy = "add NAME.crt and NAME.key to the directory of --proxy-certificates";
  if (issuer.type === "none") return `there is no certificate for ${hostname}: ${remedy}${also}`;
  if (issuer.type !== "acme" || !hostname.startsWith("*.")) return undefined;
  return `a certificate for ${hostname} cannot be issued over HTTP: ${remedy}${also}`;
}
