import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isRecord } from "../../src/manifest/shape.js";
import { ensureDockerCompose } from "../../tools/binaries.js";
import { runCommand } from "../../tools/run-command.js";
import { makeTemporaryFolder } from "../../tools/temporary-folder.js";
import { renderFiles, request } from "../unit/render/support/harness.js";

/** What Compose and the compiler must agree about. */
export interface ComposeFacts {
  readonly env: Readonly<Record<string, string>>;
  readonly command: unknown;
  readonly entrypoint: unknown;
  readonly mounts: readonly string[];
  /** Targets of named volumes that are mounted read-only. */
  readonly readOnly: readonly string[];
  readonly workingDir: unknown;
  readonly root: boolean;
  readonly check: unknown;
  readonly ports: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isRecord) : []);
/** Both write `$$` for a dollar sign: Compose in its output, and Kubernetes where it expands. */
const plain = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(plain) : typeof value === "string" ? value.replaceAll("$$", "$") : (value ?? null);

/** An empty command is none: both keep that of the image, or none after an entrypoint. */
const words = (value: unknown): unknown => (Array.isArray(value) && value.length === 0 ? null : plain(value));

function factsOfCompose(service: Fields): ComposeFacts {
  const variables = Object.entries(isRecord(service.environment) ? service.environment : {});
  return {
    env: Object.fromEntries(
      variables.flatMap(([name, value]) => (value === null ? [] : [[name, plain(value)]])),
    ) as ComposeFacts["env"],
    command: words(service.command),
    entrypoint: words(service.entrypoint),
    mounts: list(service.volumes)
      .map(({ target }) => String(target))
      .sort(),
    readOnly: list(service.volumes)
      .filter(({ type, read_only }) => type === "volume" && read_only === true)
      .map(({ target }) => String(target))
      .sort(),
    workingDir: service.working_dir ?? null,
    root: service.read_only === true,
    check: checkOf(service.healthcheck),
    ports: list(service.ports)
      .map(({ target, protocol }) => `${target}/${protocol}`)
      .sort(),
  };
}

/** The words and the retries of a health check, as the runtime has them. */
function checkOf(check: unknown): unknown {
  if (!isRecord(check) || !Array.isArray(check.test)) return null;
  const [kind, ...rest] = check.test as readonly string[];
  return { words: plain(kind === "CMD-SHELL" ? ["/bin/sh", "-c", ...rest] : rest), retries: check.retries ?? 3 };
}

function probeOf(probe: unknown): unknown {
  if (!isRecord(probe) || !isRecord(probe.exec)) return null;
  return { words: plain(probe.exec.command), retries: probe.failureThreshold };
}

function factsOfContainer(container: Fields): ComposeFacts {
  return {
    env: Object.fromEntries(
      list(container.env).map(({ name, value }) => [String(name), plain(value)]),
    ) as ComposeFacts["env"],
    command: words(container.args),
    entrypoint: words(container.command),
    mounts: list(container.volumeMounts)
      .map(({ mountPath }) => String(mountPath))
      .sort(),
    readOnly: list(container.volumeMounts)
      .filter(({ name, readOnly }) => String(name).startsWith("claim-") && readOnly === true)
      .map(({ mountPath }) => String(mountPath))
      .sort(),
    workingDir: container.workingDir ?? null,
    root: isRecord(container.securityContext) && container.securityContext.readOnlyRootFilesystem === true,
    check: probeOf(container.readinessProbe),
    ports: list(container.ports)
      .map(({ containerPort, protocol }) => `${containerPort}/${String(protocol).toLowerCase()}`)
      .sort(),
  };
}

/** Which files of a project are merged, and which profiles are active. */
export interface ProjectOptions {
  readonly profiles?: readonly string[];
  /** Defaults to compose.yaml alone. */
  readonly composeFiles?: readonly string[];
}

/** The facts of each service, as Docker Compose resolves the files, and as the containers on Kubernetes have them. */
export async function composeAndContainers(
  files: Readonly<Record<string, string>>,
  { profiles = [], composeFiles = ["compose.yaml"] }: ProjectOptions = {},
): Promise<{ readonly compose: Record<string, ComposeFacts>; readonly containers: Record<string, ComposeFacts> }> {
  const folder = await makeTemporaryFolder("compose-oracle-");
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true });
      await writeFile(join(folder.path, name), text);
    }
    const active = profiles.flatMap((profile) => ["--profile", profile]);
    const names = composeFiles.flatMap((name) => ["-f", name]);
    const args = [...active, ...names, "-p", "app", "config", "--format", "json"];
    const output = await runCommand(await ensureDockerCompose(), args, { cwd: folder.path, env: { GIVEN: "g" } });
    const { services } = JSON.parse(output) as { services: Record<string, Fields> };
    const spec = JSON.stringify({ composeFiles, profiles });
    const app = `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: app}\nspec: ${spec}\n`;
    const { documents } = await renderFiles({ "app.yaml": app, ...files }, request("", { env: { GIVEN: "g" } }));
    const containers = documents.flatMap(({ object }) => {
      const pods = object.spec as { template?: { spec: { containers: Fields[] } } } | undefined;
      return pods?.template?.spec.containers ?? [];
    });
    return {
      compose: Object.fromEntries(Object.entries(services).map(([name, one]) => [name, factsOfCompose(one)])),
      containers: Object.fromEntries(containers.map((one) => [String(one.name), factsOfContainer(one)])),
    };
  } finally {
    await folder.remove();
  }
}
