import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import type { ChartReference } from "../../../api/renderers.js";
import { OverseerError } from "../../../base/errors.js";
import { yamlText } from "../../../manifest/yaml/dump.js";
import type { RenderProgram } from "../../programs.js";
import { RenderError } from "../../render-error.js";
import { Workspace } from "../../workspace.js";

/** What a registry of charts asks for. */
export interface ChartCredentials {
  readonly username?: string;
  readonly password?: string;
  /** CA of the registry's certificate, as PEM. */
  readonly ca?: string;
}

/** Shortest text that is removed from messages. */
const LEAST_SECRET = 3;

/** Name of the repository in the configuration that a pull is given. */
const REPOSITORY = "repository";

/**
 * Pulls the archive of a chart by `helm pull`, with a private home. Credentials are in files of this home: they appear in no argument,
 * and Helm sends them to the host of the repository only.
 *
 * @throws OverseerError of reason ChartUnavailable, to be tried again, also when a limit is exceeded.
 */
export async function pullChart(
  chart: ChartReference,
  credentials: ChartCredentials,
  { helm, maxBytes, signal }: { readonly helm: RenderProgram; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  return Workspace.use(async (workspace) => {
    await workspace.create(maxBytes);
    await mkdir(workspace.path("archive"));
    const ca = credentials.ca === undefined ? undefined : await workspace.write("ca.crt", credentials.ca);
    const run = async (...args: string[]): Promise<void> => {
      const { code, stderr, output } = await helm.run(args, workspace, signal).catch((error: unknown) => {
        // A registry that does not answer may answer later: unlike a source that takes too long, this is tried again.
        throw error instanceof RenderError ? unavailable(chart, limitOf(error), credentials) : error;
      });
      // The cause of a failed update is not among the errors.
      const cause = /Unable to get an update from [^\n]*\n\s*(.+)/.exec(output)?.[1] ?? stderr;
      if (code !== 0) throw unavailable(chart, cause, credentials);
    };
    if (isOci(chart)) {
      await workspace.write("home/registry.json", dockerConfig(chart, credentials));
      await run(
        "pull",
        `--version=${chart.version}`,
        `--destination=${workspace.path("archive")}`,
        `--registry-config=${workspace.path("home/registry.json")}`,
        ...(ca === undefined ? [] : [`--ca-file=${ca}`]),
        ...(isPlain(chart) ? ["--plain-http"] : []),
        "--",
        `${chart.repository.replace(/\/+$/, "")}/${chart.name}`,
      );
    } else {
      const config = await workspace.write("home/repositories.yaml", repositories(chart, credentials, ca));
      const cache = [`--repository-config=${config}`, `--repository-cache=${workspace.path("home")}`];
      await run("repo", "update", ...cache, REPOSITORY);
      const version = `--version=${chart.version}`;
      const to = `--destination=${workspace.path("archive")}`;
      await run("pull", version, to, ...cache, "--", `${REPOSITORY}/${chart.name}`);
    }
    return readArchive(workspace, chart, maxBytes);
  });
}

/** Name of a chart for messages. */
export function describeChart({ repository, name, version }: ChartReference): string {
  return `chart ${name} ${version} of ${repository}`;
}

function isOci({ repository }: ChartReference): boolean {
  return repository.startsWith("oci://");
}

/** Registries on this machine have no certificates. */
function isPlain({ repository, plainHTTP = false }: ChartReference): boolean {
  return plainHTTP || /^oci:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/|$)/.test(repository);
}

async function readArchive(workspace: Workspace, chart: ChartReference, maxBytes: number): Promise<Buffer> {
  const folder = workspace.path("archive");
  const [name] = (await readdir(folder).catch(() => [])).filter((entry) => entry.endsWith(".tgz"));
  if (name === undefined) throw unavailable(chart, "helm pull wrote no archive", {});
  const path = workspace.path("archive", name);
  const { size } = await stat(path);
  if (size > maxBytes) throw unavailable(chart, `its archive of ${size} bytes is larger than ${maxBytes} bytes`, {});
  return readFile(path);
}

function repositories({ repository }: ChartReference, credentials: ChartCredentials, ca: string | undefined): string {
  const { username = "", password = "" } = credentials;
  const entry = {
    name: REPOSITORY,
    url: repository,
    username,
    password,
    caFile: ca ?? "",
    certFile: "",
    keyFile: "",
    insecure_skip_tls_verify: false,
    pass_credentials_all: false,
  };
  return yamlText({ apiVersion: "", generated: "0001-01-01T00:00:00Z", repositories: [entry] });
}

function dockerConfig({ repository }: ChartReference, { username, password = "" }: ChartCredentials): string {
  if (username === undefined) return "{}";
  const host = repository.replace(/^oci:\/\//, "").split("/", 1)[0] ?? "";
  return JSON.stringify({ auths: { [host]: { auth: Buffer.from(`${username}:${password}`).toString("base64") } } });
}

/** The limit that was exceeded, without the remedy for sources. */
function limitOf({ message }: RenderError): string {
  return message.split(":", 1)[0] ?? message;
}

function unavailable(chart: ChartReference, stderr: string, { username, password }: ChartCredentials): OverseerError {
  let text = stderr
    .replace(/^(?:WARNING|level=|time=|Hang tight|Pulled|Digest|\.\.\.).*\n?/gm, "")
    .replace(/^Error: /gm, "")
    .replace(/failed to perform "[^"]*" on (?:source|destination): /g, "")
    .replace(/ ?\(try 'helm repo update'\)/g, "")
    .replace(/\s+/g, " ")
    .trim();
  // Shorter texts are parts of ordinary words.
  for (const secret of [username, password])
    if (secret !== undefined && secret.length >= LEAST_SECRET) text = text.replaceAll(secret, "…");
  const hint = /\b40[13]\b|unauthorized|forbidden|denied|credential/i.test(text)
    ? "; check the credentials in the Secret of source.helm.chart.secretRef, or those of helm registry login on a command line"
    : "";
  return chartUnavailable(
    `${describeChart(chart)} cannot be pulled: ${text || "helm failed without a message"}${hint}`,
  );
}

/** A chart cannot be had from its registry now. Retried, because the registry can be repaired. */
export function chartUnavailable(message: string): OverseerError {
  return new OverseerError(message, { code: "CHART_UNAVAILABLE", reason: "ChartUnavailable", class: "retryable" });
}
