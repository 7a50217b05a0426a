import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureCommandLineBinaries } from "../../tools/binaries.js";

/** Flags by which an operator finds the programs that render Kustomize and Helm sources. */
export async function renderFlags(): Promise<string[]> {
  const { kubectl, helm } = await ensureCommandLineBinaries();
  return ["--kubectl", kubectl, "--helm", helm];
}

/** Writes a program to a folder that renders Kustomize sources as another version, so that all their input keys change, and returns its path. */
export async function otherKustomize(dir: string): Promise<string> {
  const path = join(dir, "other-kubectl");
  const { kubectl } = await ensureCommandLineBinaries();
  const version = JSON.stringify({ kustomizeVersion: "v99.0.0" });
  const script = `#!/bin/sh\nif [ "$1" = version ]; then echo '${version}'; else exec '${kubectl}' "$@"; fi\n`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}
