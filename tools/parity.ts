import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ensureCommandLineBinaries } from "./binaries.js";
import { repositoryRoot } from "./repository-root.js";
import { CommandError, runCommand } from "./run-command.js";
import { makeTemporaryFolder } from "./temporary-folder.js";

/** A file that makes its directory a Kustomize or Helm source. */
const SOURCE_FILE = /^(?:kustomization\.ya?ml|Kustomization|Chart\.yaml)$/;

/** How a directory renders here, compared with the bare program. */
type Verdict = "same" | "differs" | "refused by both" | "refused here only" | "refused by the bare program only";

interface Comparison {
  readonly verdict: Verdict;
  /** Objects that differ, or the error. */
  readonly details: readonly string[];
}

/**
 * `node build/tools/parity.js DIRECTORY…`: renders each Kustomize and Helm source below the directories, which are work trees of
 * public repositories, with `overseer render` and with bare `kubectl kustomize` or `helm template`, and prints where the results
 * differ. The output of the bare program is read by `overseer render` as plain files, so that both results are normalized alike.
 * The exit code is 1 if a result differs, or only `overseer render` refuses a source.
 */
async function main(roots: readonly string[]): Promise<number> {
  const { kubectl, helm } = await ensureCommandLineBinaries();
  const scratch = await makeTemporaryFolder("overseer-parity-");
  const counts = new Map<Verdict, number>();
  for (const root of roots) {
    for (const file of await sourceFiles(root)) {
      const { verdict, details } = await compare(file, { kubectl, helm, scratch: scratch.path });
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      if (verdict === "differs" || verdict.endsWith("only")) {
        process.stdout.write(
          `${relative(root, dirname(file)) || "."}: ${verdict}\n${details.map((line) => `    ${line}\n`).join("")}`,
        );
      }
    }
  }
  await scratch.remove();
  for (const [verdict, count] of counts) process.stdout.write(`${count} ${verdict}\n`);
  return counts.has("differs") || counts.has("refused here only") ? 1 : 0;
}

/** Lists the source files below a directory, sorted. */
async function sourceFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && SOURCE_FILE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function compare(
  file: string,
  programs: { readonly kubectl: string; readonly helm: string; readonly scratch: string },
): Promise<Comparison> {
  const directory = dirname(file);
  const bareArgs =
    basename(file) === "Chart.yaml"
      ? [programs.helm, "template", "app", directory, "--include-crds", "--namespace", "default"]
      : [programs.kubectl, "kustomize", directory];
  const [bare, ours] = await Promise.all([
    attempt(bareArgs),
    overseerRender([directory, "--kubectl", programs.kubectl, "--helm", programs.helm]),
  ]);
  if (bare.error !== undefined && ours.error !== undefined) return { verdict: "refused by both", details: [] };
  if (ours.error !== undefined) return { verdict: "refused here only", details: lines(ours.error) };
  if (bare.error !== undefined) return { verdict: "refused by the bare program only", details: lines(bare.error) };
  const plain = join(programs.scratch, "plain");
  await mkdir(plain, { recursive: true });
  await writeFile(join(plain, "objects.yaml"), bare.text);
  const read = await overseerRender([plain]);
  if (read.error !== undefined) return { verdict: "differs", details: lines(read.error) };
  const details = differences(objectsByKey(read.text), objectsByKey(ours.text));
  return { verdict: details.length === 0 ? "same" : "differs", details };
}

type Attempt =
  | { readonly text: string; readonly error?: undefined }
  | { readonly error: string; readonly text?: undefined };

/** Runs a program and returns its output or its error. Network access of Kustomize's remote bases fails at once. */
async function attempt([program, ...args]: readonly string[]): Promise<Attempt> {
  const env = { ...process.env, HTTPS_PROXY: "http://127.0.0.1:9", GIT_TERMINAL_PROMPT: "0" };
  try {
    return { text: await runCommand(program ?? "", args, { env }) };
  } catch (error) {
    if (error instanceof CommandError) return { error: error.output || error.message };
    throw error;
  }
}

function overseerRender(args: readonly string[]): Promise<Attempt> {
  return attempt([process.execPath, join(repositoryRoot(), "dist/overseer.js"), "render", "-o", "json", ...args]);
}

/** Reads the JSON output of `overseer render`: an object or a List. */
function objectsByKey(text: string): Map<string, unknown> {
  const parsed = JSON.parse(text || "[]");
  const items: readonly { kind: string; metadata: { namespace?: string; name: string } }[] = Array.isArray(parsed)
    ? parsed
    : (parsed.items ?? [parsed]);
  return new Map(items.map((item) => [`${item.kind} ${item.metadata.namespace ?? ""}/${item.metadata.name}`, item]));
}

function differences(bare: ReadonlyMap<string, unknown>, ours: ReadonlyMap<string, unknown>): string[] {
  const keys = new Set([...bare.keys(), ...ours.keys()]);
  return [...keys].flatMap((key) => {
    if (!ours.has(key)) return [`missing here: ${key}`];
    if (!bare.has(key)) return [`only here: ${key}`];
    return isDeepStrictEqual(bare.get(key), ours.get(key)) ? [] : [`differs: ${key}`];
  });
}

function lines(text: string): string[] {
  return text.trim().split("\n").slice(0, 5);
}

process.exitCode = await main(process.argv.slice(2));
