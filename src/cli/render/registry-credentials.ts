import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { ChartReference } from "../../api/renderers.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import type { ChartCredentials } from "../../render/helm/registry/chart-pull.js";
import { UsageError } from "../exit-codes.js";
import { fileFault } from "../file-fault.js";

/** Time limit of a credential helper in milliseconds. */
const HELPER_MS = 30_000;

/** The parts of a Docker configuration that name credentials; `helm registry login` writes the same format. */
const DockerConfig = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
type DockerConfig = z.infer<typeof DockerConfig>;

/** The parts of the file that `helm repo add` writes. */
const HelmRepositories = z.object({
  repositories: z
    .array(
      z.object({
        url: z.string(),
        username: z.string().optional(),
        password: z.string().optional(),
        caFile: z.string().optional(),
      }),
    )
    .nullish(),
});

/** Where credentials are looked for. */
export interface RegistryFiles {
  /** --registry-config: a Docker configuration. Must exist. */
  readonly registryConfig?: string | undefined;
  /** --repository-config: the repositories of Helm. Must exist. */
  readonly repositoryConfig?: string | undefined;
}

/**
 * Returns the credentials of the registry of a chart, from the files in which Helm and Docker keep them: none if no file names the
 * registry. They belong to a host or a URL, so that a manifest cannot have them sent to another registry.
 *
 * @throws UsageError naming the file that cannot be read, without its content.
 */
export async function registryCredentials(
  chart: ChartReference,
  files: RegistryFiles,
  env: NodeJS.ProcessEnv,
): Promise<ChartCredentials> {
  if (!chart.repository.startsWith("oci://")) return repositoryCredentials(chart, files, env);
  const address = chart.repository.slice("oci://".length).replace(/\/+$/, "");
  for (const { name, text } of await dockerConfigs(files, env)) {
    const found = await credentialsFor(address, parse(name, text, DockerConfig), env);
    if (found !== undefined) return found;
  }
  return {};
}

async function repositoryCredentials(
  { repository }: ChartReference,
  { repositoryConfig }: RegistryFiles,
  env: NodeJS.ProcessEnv,
): Promise<ChartCredentials> {
  const usual = env.HELM_REPOSITORY_CONFIG || join(helmConfigHome(env), "repositories.yaml");
  const file = await readConfig(repositoryConfig, "--repository-config", usual);
  if (file === undefined) return {};
  const { repositories } = parse(file.name, file.text, HelmRepositories);
  const plain = (url: string): string => url.replace(/\/+$/, "");
  const entry = repositories?.find(({ url }) => plain(url) === plain(repository));
  if (entry === undefined) return {};
  const { username = "", password = "", caFile = "" } = entry;
  const ca = caFile === "" ? undefined : await readText(caFile, `the caFile of ${file.name}`);
  return { ...(username === "" ? {} : { username, password }), ...(ca === undefined ? {} : { ca }) };
}

/** Docker configurations in the order of their precedence. */
async function dockerConfigs(
  { registryConfig }: RegistryFiles,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly name: string; readonly text: string }[]> {
  if (registryConfig !== undefined)
    return [{ name: registryConfig, text: await readText(registryConfig, "--registry-config") }];
  const inline = env.DOCKER_AUTH_CONFIG ? [{ name: "DOCKER_AUTH_CONFIG", text: env.DOCKER_AUTH_CONFIG }] : [];
  const helm = await readConfig(
    undefined,
    "",
    env.HELM_REGISTRY_CONFIG || join(helmConfigHome(env), "registry/config.json"),
  );
  const docker = await readConfig(undefined, "", join(env.DOCKER_CONFIG || join(home(env), ".docker"), "config.json"));
  return [...inline, ...(helm === undefined ? [] : [helm]), ...(docker === undefined ? [] : [docker])];
}

/** The credentials for the longest name that is the address or leads to it: of a registry, or of a part of one. */
async function credentialsFor(
  address: string,
  { auths = {}, credsStore, credHelpers = {} }: DockerConfig,
  env: NodeJS.ProcessEnv,
): Promise<ChartCredentials | undefined> {
  const parts = address.split("/");
  for (let count = parts.length; count > 0; count--) {
    const name = parts.slice(0, count).join("/");
    const key = Object.keys(auths).find((one) => registryName(one) === name);
    const decoded = key === undefined ? undefined : decode(auths[key]?.auth);
    if (decoded !== undefined) return decoded;
    const helper = credHelpers[name] ?? (key === undefined ? undefined : credsStore);
    if (helper !== undefined) return askHelper(helper, key ?? name, env);
  }
  return undefined;
}

/** A key of `auths` without the scheme and API version that old tools write. */
function registryName(key: string): string {
  const name = key.replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "");
  return name === "index.docker.io" ? "registry-1.docker.io" : name;
}

function decode(auth: string | undefined): ChartCredentials | undefined {
  if (auth === undefined || auth === "") return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const at = text.indexOf(":");
  return at < 1 ? undefined : { username: text.slice(0, at), password: text.slice(at + 1).replace(/\0+$/, "") };
}

/** Asks a credential helper of Docker: a program that reads the name of the registry and prints JSON. */
async function askHelper(helper: string, registry: string, env: NodeJS.ProcessEnv): Promise<ChartCredentials> {
  if (!/^[\w.-]+$/.test(helper))
    throw new UsageError(`the credential helper ${JSON.stringify(helper)} is no name of a program`);
  const program = `docker-credential-${helper}`;
  const output = await new Promise<string>((done, fail) => {
    const child = execFile(program, ["get"], { env, timeout: HELPER_MS }, (error, stdout) => {
      // Its output may hold the password.
      if (error) fail(new UsageError(`${program} has no credentials for ${registry}, or cannot be run`));
      else done(stdout);
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(registry);
  });
  const { Username: username, Secret: password } = parse(
    program,
    output,
    z.object({ Username: z.string(), Secret: z.string() }),
  );
  return { username, password };
}

async function readConfig(
  named: string | undefined,
  flag: string,
  usual: string,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  if (named !== undefined) return { name: named, text: await readText(named, flag) };
  const text = await readFile(usual, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new UsageError(`${usual} cannot be read: ${fileFault(error)}`);
  });
  return text === undefined ? undefined : { name: usual, text };
}

function readText(file: string, what: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new UsageError(`${what} ${JSON.stringify(file)} cannot be read: ${fileFault(error)}`);
  });
}

/** Parses a file with credentials. Messages of parsers would quote it. */
function parse<T>(name: string, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(readValue(text, name, KUBERNETES_SCHEMA) ?? {});
  } catch {
    throw new UsageError(`${name} is not of the format that docker login, helm registry login or helm repo add write`);
  }
}

function helmConfigHome(env: NodeJS.ProcessEnv): string {
  return env.HELM_CONFIG_HOME || join(env.XDG_CONFIG_HOME || join(home(env), ".config"), "helm");
}

function home({ HOME }: NodeJS.ProcessEnv): string {
  return HOME || homedir();
}
