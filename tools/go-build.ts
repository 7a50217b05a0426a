import { join } from "node:path";
import type { GoProgram } from "./binary-catalog.js";
import { repositoryRoot } from "./repository-root.js";
import { runCommand } from "./run-command.js";

/**
 * Builds one program from the pinned Go module below `tools/` into `target`. Everything it downloads is checked against
 * the committed go.sum. Throws a `CommandError` when Go is missing, older than 1.25, or fails.
 */
export async function buildFromModule(program: GoProgram, target: string): Promise<void> {
  const args = ["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", program.ldflags, "-o", target];
  await runCommand("go", [...args, program.package], {
    cwd: join(repositoryRoot(), "tools", program.module),
    // Avoid a C compiler, and isolate the build from workspaces and flags of the user.
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
  });
}
