import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { API_VERSION } from "../../src/api/group.js";
import { AS_DEPLOYER, UiInstallation } from "../../test/support/ui-installation.js";
import { configMap } from "../../test/support/world.js";

/** Streams without an end, and pages for browsers. */
const EXCLUDED = "/events$|/watch$|/sign-";

/**
 * `node build/bench/rest/fuzz.js [OPTIONS]`: schemathesis on the OpenAPI document, against an installation with an app, a Change whose plan its
 * status cannot show, a channel and a pushed Secret, whose names the requests use. OPTIONS are for schemathesis. Ends with its exit code.
 */
async function main(options: readonly string[]): Promise<number> {
  const installation = await UiInstallation.install("fuzz");
  const dir = await mkdtemp(join(tmpdir(), "overseer-fuzz-"));
  try {
    const names = await createObjects(installation);
    const alice = await installation.as("alice");
    const document = await alice.get<OpenApi>("/openapi.json");
    const file = join(dir, "openapi.json");
    await writeFile(
      file,
      JSON.stringify(withNames(document, { namespace: [installation.world.namespace], name: names })),
    );
    const token = installation.world.controlPlane.tokens.alice;
    const url = await installation.api.api();
    const args = [
      ...["run", file, "--url", url, "-H", `Authorization: Bearer ${token}`, "--checks", "all"],
      ...["--phases", "coverage,fuzzing", "--exclude-path-regex", EXCLUDED, "--request-timeout", "15", ...options],
    ];
    return await runProgram(process.env.SCHEMATHESIS ?? "schemathesis", args, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
    await installation.remove();
  }
}

/** Creates what the requests are about, and returns the names. */
async function createObjects({ world }: UiInstallation): Promise<string[]> {
  const { kube, namespace } = world;
  const files = (letter: string): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: 10 }, (_, at) => [`${at}.yaml`, configMap(`large-${at}`, { a: letter.repeat(60_000) })]),
    );
  const repo = await world.repository("large", files("x"));
  await world.app("large", "large", ".", AS_DEPLOYER);
  await world.synced("large");
  await kube.patch(world.appRef("large"), { spec: { sync: { mode: "Manual" } } });
  await repo.commit(files("y"), "other values");
  await world.poll("large");
  await world.untilCondition("large", "Waiting", "True");
  const channel = { apiVersion: API_VERSION, kind: "NotificationChannel", metadata: { name: "chat", namespace } };
  await kube.apply({ ...channel, spec: { slack: { secretRef: { name: "absent" } } } });
  return ["large", "large-1", "large-2", "chat", "db", "nowhere"];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: object;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>>;
}

/** Restricts path parameters to values, so that requests are about objects that exist. */
function withNames({ paths, ...document }: OpenApi, values: Readonly<Record<string, readonly string[]>>): OpenApi {
  const named = (parameter: Parameter): Parameter => {
    const known = parameter.in === "path" ? values[parameter.name] : undefined;
    return known === undefined ? parameter : { ...parameter, schema: { type: "string", enum: known } };
  };
  const entries = Object.entries(paths).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        { ...operation, ...(operation.parameters ? { parameters: operation.parameters.map(named) } : {}) },
      ]),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(entries) };
}

function runProgram(program: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], cwd });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2));
