import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureControlPlaneBinaries } from "./binaries.js";
import { repositoryRoot } from "./repository-root.js";
import { runCommand } from "./run-command.js";

const CHART = "overseer-gitops";
/** The namespace of an installation by `kubectl apply -k deploy/`. */
const NAMESPACE = "overseer-system";
const HEADER = "# Generated from the chart with its default values; run make generate.\n";
/** What only Helm needs in an object, and the header of the chart's own generated parts. */
const LEFT_OUT = /^(\s+(helm\.sh\/(chart|resource-policy)|app\.kubernetes\.io\/managed-by):|# Generated from).*\n/gm;

/** Writes `deploy/` from the chart with its default values: a file per template, without what is for Helm alone. */
async function main(): Promise<void> {
  const root = repositoryRoot();
  const { helm } = await ensureControlPlaneBinaries();
  const chart = join(root, "charts", CHART);
  const args = ["template", CHART, chart, `--namespace=${NAMESPACE}`, `--set=image.repository=${CHART}`];
  for (const [file, documents] of filesOf(await runCommand(helm, args))) {
    await writeFile(join(root, "deploy", file), HEADER + documents.join("---\n"));
  }
}

/** The documents of each template by its file name. CustomResourceDefinitions are left out: they are generated from the schemas. */
function filesOf(output: string): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const part of output.split(/^---\n# Source: [^/\n]+\/templates\//m).slice(1)) {
    const end = part.indexOf("\n");
    const file = part.slice(0, end);
    if (file === "crds.yaml") continue;
    const document = part.slice(end + 1).replace(LEFT_OUT, "");
    files.set(file, [...(files.get(file) ?? []), `${document.trimEnd()}\n`]);
  }
  return files;
}

await main();
