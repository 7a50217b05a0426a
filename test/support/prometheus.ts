import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensurePrometheus } from "../../tools/binaries.js";
import { type ReservedPort, reservePort } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { waitUntil } from "../../tools/wait-until.js";

/** A series of a query, with its last value. */
export interface QueryResult {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A series of a query over a time. */
export interface RangeResult {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value. */
  readonly points: readonly (readonly [time: number, value: number])[];
}

/** A rule as Prometheus evaluates it. */
export interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** A real Prometheus on loopback, which scrapes one target each second. */
export class Prometheus {
  readonly url: string;
  readonly #port: ReservedPort;
  readonly #folder: GuardedFolder;
  readonly #process: LoggedProcess;

  private constructor(parts: { url: string; port: ReservedPort; folder: GuardedFolder; process: LoggedProcess }) {
    this.url = parts.url;
    this.#port = parts.port;
    this.#folder = parts.folder;
    this.#process = parts.process;
  }

  /** Starts it. `target`: URL of a server with `/metrics`; `rules`: absolute path of a file with rules. */
  static async start(target: string, rules: string): Promise<Prometheus> {
    const { prometheus } = await ensurePrometheus();
    const folder = await makeGuardedFolder("overseer-prometheus-");
    const port = await reservePort();
    const config = join(folder.path, "prometheus.json");
    await writeFile(
      config,
      JSON.stringify({
        global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "2s" },
        rule_files: [rules],
        scrape_configs: [{ job_name: "overseer", static_configs: [{ targets: [new URL(target).host] }] }],
      }),
    );
    const flags = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, "data")}`,
      `--web.listen-address=127.0.0.1:${port.port}`,
      "--log.level=warn",
    ];
    const process = await spawnLogged("Prometheus", prometheus, flags, {
      logFile: join(folder.path, "prometheus.log"),
      guard: folder.guard,
    });
    const url = `http://127.0.0.1:${port.port}`;
    await waitUntil({ what: "Prometheus is ready", timeoutMs: 60_000 }, async () => {
      if (process.ended() !== undefined) throw new Error(process.tail());
      return fetch(`${url}/-/ready`).then(
        ({ status }) => status === 200,
        () => false,
      );
    });
    return new Prometheus({ url, port, folder, process });
  }

  async stop(): Promise<void> {
    await this.#process.stop(5_000);
    await this.#folder.remove();
    await this.#port.release();
  }

  /** Evaluates an expression now. Throws what Prometheus says if it is invalid, or has a warning. */
  async query(expr: string): Promise<QueryResult[]> {
    const data = await this.#get<{
      readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
    }>(`/api/v1/query?query=${encodeURIComponent(expr)}`);
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Evaluates an expression for each second of the last ones. */
  async range(expr: string, seconds: number): Promise<readonly RangeResult[]> {
    const end = Date.now() / 1000;
    const query = new URLSearchParams({ query: expr, start: String(end - seconds), end: String(end), step: "1" });
    const { result } = await this.#get<{
      readonly result: readonly { metric: Record<string, string>; values: readonly [number, string][] }[];
    }>(`/api/v1/query_range?${query}`);
    return result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([time, value]) => [time, Number(value)] as const),
    }));
  }

  /** Returns the values of a label of the series that a selector matches, as a dashboard's variable asks for them. */
  async labelValues(label: string, selector: string): Promise<string[]> {
    return this.#get(`/api/v1/label/${label}/values?match[]=${encodeURIComponent(selector)}`);
  }

  /** Returns all rules, once each was evaluated. */
  async rules(): Promise<EvaluatedRule[]> {
    const { groups } = await this.#get<{ readonly groups: readonly { readonly rules: EvaluatedRule[] }[] }>(
      "/api/v1/rules",
    );
    return groups.flatMap(({ rules }) => rules);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string; warnings?: string[] };
    if (answer.status !== "success" || answer.warnings?.length)
      throw new Error(`${decodeURIComponent(path)}: ${answer.error ?? answer.warnings?.join(", ")}`);
    return answer.data;
  }
}
