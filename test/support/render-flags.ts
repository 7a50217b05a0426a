import { ensureCommandLineBinaries } from "../../tools/binaries.js";

/** Flags by which an operator finds the programs that render Kustomize and Helm sources. */
export async function renderFlags(): Promise<string[]> {
  const { kubectl, helm } = await ensureCommandLineBinaries();
  return ["--kubectl", kubectl, "--helm", helm];
}
