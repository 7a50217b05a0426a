import { readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { formatTable } from "../bench/table.js";
import { messageOf } from "../src/base/errors.js";
import { jsonText } from "../src/base/hash.js";
import { mapLimit } from "../src/base/semaphore.js";
import { pathRequest, renderSource } from "../src/cli/render/render.js";
import { WorkingTree } from "../src/cli/render/working-tree.js";
import { isRecord } from "../src/manifest/shape.js";
import { allDocuments } from "../src/render/request.js";
import { withKubectlReader } from "../test/unit/manifest/kubectl-yaml.js";
import { ensureCommandLineBinaries } from "./binaries.js";
import { CommandError, runCommand } from "./run-command.js";
import { makeTemporaryFolder } from "./temporary-folder.js";

/** A file that makes its directory a Kustomize or Helm source. */
const SOURCE_FILE = /^(?:kustomization\.ya?ml|Kustomization|Chart\.yaml)$/;
/** Sources that are rendered at once. */
const AT_ONCE = 2;
/** Seconds that a render may take. */
const TIMEOUT = 120;

/** How a directory renders here, compared with the bare program. */
const VERDICTS = [
  "same",
  "same but for random values",
  "differs",
  "refused by both",
  "refused here only",
  "refused by the bare program only",
] as const;
type Verdict = (typeof VERDICTS)[number];

interface Comparison {
  readonly verdict: Verdict;
  readonly objects: number;
  /** Objects that differ, or the error. */
  readonly details: readonly string[];
}

/** What sources are rendered with. */
interface Programs {
  readonly kubectl: string;
  readonly helm: string;
  /** Reads YAML as kubectl does: the objects as JSON, or null if it refuses the text. */
  readonly read: (text: string) => Promise<string | null>;
}

/** A result: objects by kind, namespace and name; or an error. */
type Attempt =
  | { readonly objects: ReadonlyMap<string, unknown>; readonly error?: undefined }
  | { readonly error: string; readonly objects?: undefined };

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
    const programs = { ...binaries, read: async (text: string) => (await readAll([text]))[0] ?? null };
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
    const comparison = await compare(tree, file, programs);
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

async function compare(tree: WorkingTree, file: string, programs: Programs): Promise<Comparison> {
  const [bare, ours] = await Promise.all([bareRender(file, programs), ourRender(tree, dirname(file), programs)]);
  if (ours.error !== undefined) {
    if (bare.error === undefined) return { verdict: "refused here only", objects: 0, details: lines(ours.error) };
    const details = [`bare: ${lines(bare.error).at(-1)}`, `here: ${lines(ours.error).at(-1)}`];
    return { verdict: "refused by both", objects: 0, details };
  }
  if (bare.error !== undefined)
    return { verdict: "refused by the bare program only", objects: 0, details: lines(bare.error) };
  const objects = bare.objects.size;
  if (differences(bare.objects, ours.objects).length === 0) return { verdict: "same", objects, details: [] };
  const again = await bareRender(file, programs);
  const details = differences(bare.objects, ours.objects, again.objects);
  return { verdict: details.length === 0 ? "same but for random values" : "differs", objects, details };
}

/** Renders with the bare program, reads its output as kubectl does, and the objects like plain files. */
async function bareRender(file: string, programs: Programs): Promise<Attempt> {
  const directory = dirname(file);
  const [program, ...args] =
    basename(file) === "Chart.yaml"
      ? [programs.helm, "template", "app", directory, "--include-crds", "--skip-tests", "--namespace", "default"]
      : [programs.kubectl, "kustomize", directory];
  // Remote bases of Kustomize fail at once.
  const env = { ...process.env, HTTPS_PROXY: "http://127.0.0.1:9", GIT_TERMINAL_PROMPT: "0" };
  const scratch = await makeTemporaryFolder("overseer-parity-");
  try {
    const text = await runCommand(program as string, args, { env });
    const objects = await programs.read(text);
    if (objects === null) return { error: "the output is no YAML that kubectl reads" };
    const documents = (JSON.parse(objects) as unknown[]).map((object) => jsonText(object));
    await writeFile(join(scratch.path, "objects.yaml"), documents.join("\n---\n"));
    return await ourRender(await WorkingTree.open(scratch.path), scratch.path, programs);
  } catch (error) {
    if (error instanceof CommandError) return { error: error.output || error.message };
    throw error;
  } finally {
    await scratch.remove();
  }
}

async function ourRender(tree: WorkingTree, directory: string, { kubectl, helm }: Programs): Promise<Attempt> {
  try {
    const result = await renderSource(tree, pathRequest(tree, directory), { kubectl, helm, timeout: TIMEOUT });
    const all = allDocuments(result);
    return { objects: new Map(all.map(({ key, object }) => [key, JSON.parse(jsonText(object))])) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** Objects that are not the same. `again` is a second result of the bare program: values that differ in the two are random. */
function differences(
  bare: ReadonlyMap<string, unknown>,
  ours: ReadonlyMap<string, unknown>,
  again: ReadonlyMap<string, unknown> = bare,
): string[] {
  const keys = new Set([...bare.keys(), ...ours.keys()]);
  return [...keys].flatMap((key) => {
    if (!ours.has(key)) return [`missing here: ${key}`];
    if (!bare.has(key)) return [`only here: ${key}`];
    return isSame(bare.get(key), ours.get(key), again.get(key)) ? [] : [`differs: ${key}`];
  });
}

function isSame(bare: unknown, ours: unknown, again: unknown): boolean {
  if (isDeepStrictEqual(bare, ours)) return true;
  if (Array.isArray(bare) && Array.isArray(ours))
    return bare.length === ours.length && bare.every((item, index) => isSame(item, ours[index], at(again, index)));
  if (isRecord(bare) && isRecord(ours)) {
    const names = Object.keys(bare).sort();
    const sameNames = isDeepStrictEqual(names, Object.keys(ours).sort());
    return sameNames && names.every((name) => isSame(bare[name], ours[name], at(again, name)));
  }
  return typeof bare === typeof ours && typeof bare === typeof again && bare !== again;
}

function at(value: unknown, name: string | number): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[name] : undefined;
}

function lines(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .slice(-5)
    .map((line) => line.slice(0, 400));
}

process.exitCode = await main(process.argv.slice(2));
