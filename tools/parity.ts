import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { formatTable } from "../bench/table.js";
import { jsonText } from "../src/base/hash.js";
import { mapLimit } from "../src/base/semaphore.js";
import { WorkingTree } from "../src/cli/render/working-tree.js";
import { withKubectlReader } from "../test/unit/manifest/kubectl-yaml.js";
import { ensureCommandLineBinaries } from "./binaries.js";
import { type Comparison, compareWithBare, type Programs, VERDICTS, type Verdict } from "./parity/compare.js";

/** A file that makes its directory a Kustomize or Helm source. */
const SOURCE_FILE = /^(?:kustomization\.ya?ml|Kustomization|Chart\.yaml)$/;
/** Sources that are rendered at once. */
const AT_ONCE = 2;

/**
 * `node build/tools/parity.js DIRECTORY…`: renders each Kustomize and Helm source below the directories, which are work trees of
 * public repositories, with our renderers and with bare `kubectl kustomize` or `helm template`, prints where the results
 * differ, and a table of counts. The output of the bare program is read by the code that kubectl is built from; then both results are
 * normalized alike. The exit code is 1 if a result differs, or only ours is an error.
 */
async function main(roots: readonly string[]): Promise<number> {
  const binaries = await ensureCommandLineBinaries();
  const rows: string[][] = [];
  let failed = false;
  await withKubectlReader(async (readAll) => {
    const read = async (text: string): Promise<string | null> => {
      const objects = (await readAll([text]))[0] ?? null;
      return objects && (JSON.parse(objects) as unknown[]).map((object) => jsonText(object)).join("\n---\n");
    };
    const programs = { ...binaries, read };
    for (const root of roots.map((path) => resolve(path))) {
      const found = await compareAll(root, programs);
      const count = (verdict: Verdict): number => found.filter((one) => one.verdict === verdict).length;
      const objects = found.reduce((sum, one) => sum + one.objects, 0);
      rows.push([basename(root), ...[found.length, ...VERDICTS.map(count), objects].map(String)]);
      failed ||= count("differs") + count("refused here only") > 0;
    }
  });
  process.stdout.write(`${formatTable(["repository", "sources", ...VERDICTS, "objects"], rows)}\n`);
  return failed ? 1 : 0;
}

async function compareAll(root: string, programs: Programs): Promise<Comparison[]> {
  const tree = await WorkingTree.open(root);
  return mapLimit(await sourceFiles(root), AT_ONCE, async (file) => {
    const comparison = await compareWithBare(tree, file, programs);
    const { verdict, details } = comparison;
    const lines = details.map((line) => `    ${line}\n`).join("");
    if (!verdict.startsWith("same"))
      process.stdout.write(`${basename(root)}/${relative(root, dirname(file))}: ${verdict}\n${lines}`);
    return comparison;
  });
}

/** Lists the source files below a directory, sorted, without dependencies that are vendored in a chart. */
async function sourceFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && SOURCE_FILE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const known = new Set(files);
  const isVendored = (file: string): boolean =>
    [...file.matchAll(/\/charts\//g)].some(({ index }) => known.has(`${file.slice(0, index)}/Chart.yaml`));
  return files.filter((file) => !isVendored(file)).sort();
}

process.exitCode = await main(process.argv.slice(2));
