import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { yamlText } from "../../../manifest/yaml/dump.js";
import { convertArgo } from "../../../migration/argocd/convert.js";
import type { ImportOptions, ImportResult } from "../../../migration/conversion.js";
import { convertFlux } from "../../../migration/flux/convert.js";
import { countsOf, formatReport, summaryOf } from "../../../migration/report.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags, SelectionFlags } from "../../flags.js";
import { formatValue } from "../../output/objects.js";
import { hint, print, say } from "../../terminal.js";
import { checkResult } from "./check-result.js";
import { filesIn, projectFileIn } from "./file-names.js";
import type { ImportInput, Tool } from "./input.js";
import { readCluster } from "./read-cluster.js";
import { readFiles } from "./read-files.js";

/** Flags of `overseer import`. */
export interface ImportFlags extends ClusterFlags, OutputFlags, SelectionFlags {
  readonly filename?: readonly string[];
  readonly outputDir?: string;
  readonly serviceAccount?: string;
  readonly repository?: string;
  readonly force?: boolean;
}

const NAMES: Readonly<Record<Tool, string>> = { argocd: "Argo CD", flux: "Flux" };

const KINDS: Readonly<Record<Tool, string>> = {
  argocd: "Applications",
  flux: "GitRepositories, Kustomizations and HelmReleases",
};

/** Runs `overseer import`: reads only, and writes manifests and a report. */
export async function importFrom(tool: Tool, flags: ImportFlags): Promise<ExitCode> {
  const options: ImportOptions = { serviceAccount: flags.serviceAccount, repository: repositoryOf(flags.repository) };
  if (flags.filename !== undefined) return finish(tool, await readFiles(tool, flags.filename), options, flags);
  return withCluster(flags, async (cluster) => finish(tool, await readCluster(cluster, tool, flags), options, flags));
}

function repositoryOf(text: string | undefined): ImportOptions["repository"] {
  if (text === undefined) return undefined;
  const [namespace = "", name = "", more] = text.split("/");
  if (namespace === "" || name === "" || more !== undefined)
    throw new UsageError(`--repository ${JSON.stringify(text)} is no repository: use NAMESPACE/NAME`);
  return { namespace, name };
}

async function finish(tool: Tool, input: ImportInput, options: ImportOptions, flags: ImportFlags): Promise<ExitCode> {
  const result = checkResult(
    tool === "argocd" ? convertArgo(input.objects, input.credentials, options) : convertFlux(input.objects, options),
  );
  for (const problem of input.problems) say(`NOT READ: ${problem}`);
  if (result.conversions.length === 0)
    throw new CommandError(
      `nothing of ${NAMES[tool]} was found${input.place}${flags.filename === undefined ? "" : `: name files with ${KINDS[tool]}, or import from the cluster, without -f`}`,
      EXIT.notAllowed,
    );
  await write(tool, result, flags);
  hint(flags, summaryOf(result));
  return countsOf(result).blocked > 0 || input.problems.length > 0 ? EXIT.failed : EXIT.done;
}

async function write(tool: Tool, result: ImportResult, flags: ImportFlags): Promise<void> {
  const { output, outputDir } = flags;
  const report = formatReport(result, NAMES[tool]);
  if (outputDir !== undefined) {
    await writeFiles(outputDir, result, report, flags.force === true);
    hint(flags, `manifests and REPORT.md are in ${outputDir}`);
  } else if (output === "json" || output === "yaml") print(await formatValue(result, output));
  else {
    print(documents(result.manifests));
    say(report);
    // The apps may be applied at once, and the Environments only after the take-over.
    if (result.projects !== undefined) hint(flags, "limits of AppProjects are written with --output-dir only");
  }
}

function documents(manifests: readonly object[]): string {
  return manifests.map((manifest) => `---\n${yamlText(manifest)}`).join("");
}

/** Writes a file for each manifest, and those for the limits of projects. Existing files with another content are kept unless `force` is set. */
async function writeFiles(
  directory: string,
  { manifests, projects = [] }: ImportResult,
  report: string,
  force: boolean,
): Promise<void> {
  const files = new Map([...filesIn(directory, manifests)].map(([file, manifest]) => [file, yamlText(manifest)]));
  for (const project of projects) files.set(projectFileIn(directory, project), documents(project.manifests));
  if (!force)
    for (const [file, text] of files) {
      const found = await readFile(file, "utf8").catch(() => undefined);
      if (found !== undefined && found !== text)
        throw new CommandError(
          `${file} exists and has another content: nothing was written. Choose another --output-dir, or overwrite it with --force`,
          EXIT.failed,
        );
    }
  for (const [file, text] of files) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "REPORT.md"), report);
}
