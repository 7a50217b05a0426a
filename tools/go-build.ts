import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GoProgram } from "./binary-catalog.js";
import { repositoryRoot } from "./repository-root.js";
import { runCommand } from "./run-command.js";

/**
 * Builds one program from the pinned Go module below `tools/` into `target`, with the data that it reads beside it. Everything it
 * downloads is checked against the committed go.sum. Throws a `CommandError` when Go is missing, too old, or fails.
 */
export async function buildFromModule(program: GoProgram, target: string): Promise<void> {
  const { ldflags, tags = "", usesC = false, data = [] } = program;
  const options = {
    cwd: join(repositoryRoot(), "tools", program.module),
    // Isolate the build from workspaces and flags of the user, and avoid a C compiler where it is not needed.
    env: { ...process.env, CGO_ENABLED: usesC ? "1" : "0", CGO_CFLAGS: "-O1 -g0", GOFLAGS: "", GOWORK: "off" },
  };
  const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", ldflags];
  await runCommand("go", ["build", ...flags, "-o", target, program.package], options);
  if (data.length === 0) return;
  const source = (await runCommand("go", ["list", "-mod=readonly", "-f", "{{.Dir}}", program.package], options)).trim();
  for (const folder of data) await cp(join(source, folder), join(dirname(target), folder), { recursive: true });
}
