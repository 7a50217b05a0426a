import { cutText } from "../../../base/cut-text.js";
import type { LogLine } from "../runner.js";
import { type Container, type DockerEngine, nameOf } from "./engine.js";
import { failureText } from "./failure-text.js";
import type { Mask } from "./mask.js";

/** Lines of containers in the log of one job: containers may log without end. */
const MAX_LINES = 1000;
/** Log lines of a failed container in an error. */
const ERROR_LINES = 5;

/** Copies what containers log during a deployment to the log of its job. */
export class ServiceLogs {
  readonly #engine: DockerEngine;
  readonly #since: number;
  readonly #log: LogLine;
  readonly #signal: AbortSignal;
  /** Number of copied lines by container, and the end of its stream. */
  readonly #followed = new Map<
    string,
    { readonly container: Container; copied: number; readonly stop: AbortController }
  >();
  #lines = 0;

  /** `since`: start of the deployment in milliseconds. */
  constructor(engine: DockerEngine, since: number, log: LogLine, signal: AbortSignal) {
    this.#engine = engine;
    this.#since = since;
    this.#log = log;
    this.#signal = signal;
  }

  /** Follows the logs of containers that are not followed yet. */
  follow(containers: readonly Container[]): void {
    for (const container of containers) {
      if (this.#followed.has(container.Id)) continue;
      const entry = { container, copied: 0, stop: new AbortController() };
      this.#followed.set(container.Id, entry);
      const onLine = (line: string): void => {
        entry.copied++;
        this.#copy(container, line);
      };
      // These lines are for information: the deployment does not depend on them.
      this.#engine.followLog(container.Id, this.#since, onLine, entry.stop.signal).catch(() => {});
    }
  }

  /** Ends all streams and copies the lines that have not arrived by them. */
  async finish(): Promise<void> {
    for (const [id, entry] of this.#followed) {
      entry.stop.abort();
      if (this.#signal.aborted) continue;
      const { copied, container } = entry;
      const lines: string[] = [];
      const read = this.#engine.readLog(id, this.#since, (line) => lines.push(line), this.#signal);
      await read.catch(() => {});
      for (const line of lines.slice(copied)) this.#copy(container, line);
    }
  }

  #copy(container: Container, line: string): void {
    this.#lines++;
    if (this.#lines <= MAX_LINES) this.#log(`${nameOf(container)} | ${line}`);
    if (this.#lines === MAX_LINES) this.#log("further lines of containers are omitted: see docker logs on the node");
  }
}

/** Returns the end of the log of a container, to be appended to an error. */
export async function lastLinesOf(
  engine: DockerEngine,
  { Id }: Container,
  mask: Mask,
  signal: AbortSignal,
): Promise<string> {
  const lines = (await engine.lastLines(Id, ERROR_LINES, signal)).map((line) => cutText(mask(line), 300));
  return lines.length === 0 ? "; its log is empty" : `; last lines of its log: ${lines.join(" | ")}`;
}

/** Explains why `up` failed; adds the log of a container that it waited for. */
export async function upFailure(
  engine: DockerEngine,
  { project, mask, signal }: { readonly project: string; readonly mask: Mask; readonly signal: AbortSignal },
  stderr: string,
): Promise<string> {
  const text = failureText("the services cannot be started", stderr);
  const named = /container (\S+) (?:is unhealthy|exited)/.exec(stderr)?.[1];
  if (named === undefined) return text;
  const container = (await engine.containers(project, signal)).find((one) => nameOf(one) === named);
  return container === undefined ? text : `${text}${await lastLinesOf(engine, container, mask, signal)}`;
}
