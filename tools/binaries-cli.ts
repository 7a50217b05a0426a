import { ensureControlPlaneBinaries, ensureRegistry } from "./binaries.js";

/** `node build/tools/binaries-cli.js`: installs what is missing and prints `name path` lines. */
async function main(): Promise<void> {
  for (const [name, path] of Object.entries(await ensureControlPlaneBinaries())) {
    process.stdout.write(`${name} ${path}\n`);
  }
  process.stdout.write(`registry ${await ensureRegistry()}\n`);
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
