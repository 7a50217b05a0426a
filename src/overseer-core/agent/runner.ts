/** A project to deploy. */
export interface Deployment {
  /** Name of the app, unique on the node. */
  readonly project: string;
  /** Compose document, with unresolved references to secrets. */
  readonly compose: string;
  /** Secret values by name. They must not be written to disk or logs. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Appends a line to the log of a job. */
export type LogLine = (line: string) => void;

/** Result of a job. */
export interface RunResult {
  readonly runner: string;
  /** Running services; for a removal, the stopped ones. */
  readonly services: readonly string[];
  /** Existing named volumes, also after a removal. */
  readonly volumes: readonly string[];
}

/** A failed deployment or removal. The message never contains a secret value. */
export class RunError extends Error {
  readonly code = "RUN_FAILED";

  constructor(message: string) {
    super(message);
    this.name = "RunError";
  }
}

/**
 * Runs Compose documents on a node. Both methods are idempotent and can be repeated after a crash. They throw RunError
 * on failure, and the abort reason when `signal` is aborted.
 */
export interface Runner {
  readonly name: "simulated";
  /** Runs the services of this document and stops all other services of the project. */
  deploy(deployment: Deployment, log: LogLine, signal: AbortSignal): Promise<RunResult>;
  /** Stops all services of a project. Its named volumes remain. */
  remove(project: string, log: LogLine, signal: AbortSignal): Promise<RunResult>;
}
