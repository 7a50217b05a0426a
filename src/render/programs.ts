import { OverseerError } from "../base/errors.js";
import { ChildError } from "../child/child-error.js";
import type { ConfinedPrograms, ProgramOutcome } from "../child/confined-programs.js";
import { findProgram } from "../child/confinement.js";
import { RenderError, type RenderProblem, RenderTimeoutError, UnsupportedSourceError } from "./render-error.js";
import type { Workspace } from "./workspace.js";

/** Where programs are looked for that are named without a path. */
const PLACES = ["/usr/local/bin", "/usr/bin", "/bin"];

/** Remedies for renders that exceed a limit. */
const SPLIT = "split the source into several apps";
const FASTER = "simplify the source, or raise --render-timeout of the operator";

/**
 * Proxies that refuse connections, for programs that need no network: some machines do not permit to take it away. Hosts of the
 * loopback interface are not asked by a proxy.
 */
const NO_NETWORK = { HTTP_PROXY: "http://127.0.0.1:1", HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "" };

/** A program that renders sources, as the operator is configured. */
export interface RenderProgramOptions {
  /** What people call it. */
  readonly name: "kubectl" | "helm";
  /** Path, or name to look for; defaults to its name. */
  readonly path: string | undefined;
  readonly programs: ConfinedPrograms;
  /** Added to its environment: the proxies of a program with a network. */
  readonly env?: Readonly<Record<string, string>>;
  /** Directories to search. Defaults to the usual ones of the system. */
  readonly places?: readonly string[];
}

/** A program that was found. */
interface FoundProgram {
  readonly path: string;
  /** What it says of its version: another one may render otherwise. */
  readonly version: string;
}

/** `kubectl` or `helm`, found once and started in a workspace. The operator works without it, but for the sources that need it. */
export class RenderProgram {
  readonly #options: RenderProgramOptions;
  #found: Promise<FoundProgram | undefined> | undefined;

  constructor(options: RenderProgramOptions) {
    this.#options = options;
  }

  /** Its version, as a part of the input key; undefined where the program is missing. */
  async version(): Promise<string | undefined> {
    return (await this.#find())?.version;
  }

  /**
   * Runs it with a private home and no credentials, and gives what it printed.
   *
   * @throws UnsupportedSourceError when it is not there; RenderError when it exceeds a limit; OverseerError when it cannot be
   * started.
   */
  async run(args: readonly string[], workspace: Workspace, signal: AbortSignal): Promise<ProgramOutcome> {
    const found = await this.#find();
    if (found === undefined) throw this.#missing();
    const { programs } = this.#options;
    const env = {
      ...environment(workspace, programs.limits.memoryBytes),
      ...(programs.network ? {} : NO_NETWORK),
      ...this.#options.env,
    };
    try {
      const outcome = await programs.run({ program: found.path, args, env, cwd: workspace.folder, signal });
      if (outcome.code !== 0 && /out of memory|cannot allocate memory/.test(outcome.stderr)) {
        const limit = `${Math.round(programs.limits.memoryBytes / 2 ** 20)} MiB of memory`;
        throw new RenderError(this.#exceeded(`needs more than ${limit}`, SPLIT));
      }
      return outcome;
    } catch (error) {
      throw error instanceof ChildError ? this.#explain(error) : error;
    }
  }

  #explain(error: ChildError): Error {
    const { limits } = this.#options.programs;
    if (error.fault === "timeout")
      return new RenderTimeoutError(this.#exceeded(`takes longer than ${limits.timeoutMs / 1000} s`, FASTER));
    if (error.fault === "output")
      return new RenderError(this.#exceeded(`prints more than ${limits.maxOutputBytes} bytes`, SPLIT));
    return new OverseerError(
      `${this.#options.name} cannot be started (${error.code ?? "unknown"}): check the limits on processes and memory of the operator`,
      { code: "RENDERER_CANNOT_START", reason: "RenderFailed", class: "retryable", cause: error },
    );
  }

  #exceeded(what: string, remedy: string): RenderProblem[] {
    return [{ message: `${this.#options.name} ${what}: ${remedy}` }];
  }

  #missing(): UnsupportedSourceError {
    const { name, path = name } = this.#options;
    const product = name === "helm" ? "Helm" : "Kustomize";
    return new UnsupportedSourceError(
      `${product} sources need the program ${name}, and ${JSON.stringify(path)} is not found: install it, or set --${name} to its path`,
    );
  }

  #find(): Promise<FoundProgram | undefined> {
    this.#found ??= this.#look();
    return this.#found;
  }

  async #look(): Promise<FoundProgram | undefined> {
    const { name, path: wanted = name, programs, places = PLACES } = this.#options;
    const path = await findProgram(wanted, places);
    if (path === undefined) return undefined;
    const args = name === "helm" ? ["version", "--template", "{{.Version}}"] : ["version", "--client", "--output=json"];
    const signal = new AbortController().signal;
    const run = { program: path, args, env: { HOME: "/nonexistent", PATH: "/nonexistent" }, signal };
    const outcome = await programs.run(run).catch(() => undefined);
    return { path, version: outcome?.code === 0 ? versionIn(outcome.output) : "unknown" };
  }
}

/** The version in what the program prints: `v4.1.4`, or the JSON of `kubectl version`. */
function versionIn(output: string): string {
  const kustomize = /"kustomizeVersion":\s*"([^"]+)"/.exec(output)?.[1];
  return (kustomize ?? output.trim()).slice(0, 64);
}

/** Nothing of the operator's environment: no credentials, no proxies, and no programs to start. */
function environment(workspace: Workspace, memoryBytes: number): Record<string, string> {
  const home = workspace.path("home");
  return {
    HOME: home,
    PATH: "/nonexistent",
    TMPDIR: home,
    KUBECONFIG: "/dev/null",
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    HELM_PLUGINS: home,
    LC_ALL: "C",
    // Most renders end before their garbage matters: collecting it less often saves a fifth of their CPU. All of it is collected
    // before the limit of memory is reached.
    GOGC: "400",
    GOMEMLIMIT: String(Math.floor(memoryBytes * 0.75)),
  };
}
