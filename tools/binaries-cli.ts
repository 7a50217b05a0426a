import { ensureControlPlaneBinaries, ensureDockerCompose, ensureGitea, ensureRegistry } from "./binaries.js";

/** `node build/tools/binaries-cli.js [tests]`: installs what is missing, for the control plane or for the tests, and prints `name path` lines. */
async function main(): Promise<void> {
  const forTests = process.argv[2] === "tests";
  const binaries = forTests
    ? { registry: await ensureRegistry(), gitea: await ensureGitea(), "docker-compose": await ensureDockerCompose() }
    : await ensureControlPlaneBinaries();
  for (const [name, path] of Object.entries(binaries)) process.stdout.write(`${name} ${path}\n`);
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
