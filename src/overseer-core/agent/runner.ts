/** What a runner is to run. */
export interface Deployment {
  /** Name of the app, unique on the node. */
  readonly project: string;
  /** The Compose document, with references to secrets in it. */
  readonly compose: string;
  /** Values by the names that the document refers to. Never to be written to a disk or a log. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Takes a line of the log of a job. */
export type LogLine = (line: string) => void;

/** What a runner tells the Core at the end of a job. */
export interface RunResult {
  readonly runner: string;
  /** Services that run now; of a removal those that were stopped. */
  readonly services: readonly string[];
  /** Named volumes that are there, also after a removal. */
  readonly volumes: readonly string[];
}

/** What a runner could not do. The message and the log say why; it never holds a secret value. */
export class RunError extends Error {
  readonly code = "RUN_FAILED";

  constructor(message: string) {
    super(message);
    this.name = "RunError";
  }
}

/**
 * Runs Compose documents on a node. Both calls may be repeated after a crash at any point, and then only do what is left.
 * Both throw RunError for what cannot be done, and whatever `signal` aborts with when the agent stops.
 */
export interface Runner {
  readonly name: "simulated";
  /** Makes the node run this document, and nothing else of the project. */
  deploy(deployment: Deployment, log: LogLine, signal: AbortSignal): Promise<RunResult>;
  /** Ends everything of a project. Its named volumes stay. */
  remove(project: string, log: LogLine, signal: AbortSignal): Promise<RunResult>;
}
