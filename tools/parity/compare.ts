import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../src/base/errors.js";
import { jsonText } from "../../src/base/hash.js";
import { pathRequest, renderSource } from "../../src/cli/render/render.js";
import { WorkingTree } from "../../src/cli/render/working-tree.js";
import { isRecord } from "../../src/manifest/shape.js";
import { allDocuments } from "../../src/render/request.js";
import { CommandError, runCommand } from "../run-command.js";
import { makeTemporaryFolder } from "../temporary-folder.js";

/** Seconds that a render may take. */
const TIMEOUT = 120;

/** How a directory renders here, compared with the bare program. */
export const VERDICTS = [
  "same",
  "same but for random values",
  "differs",
  "refused by both",
  "refused here only",
  "refused by the bare program only",
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a comparison found. */
export interface Comparison {
  readonly verdict: Verdict;
  readonly objects: number;
  /** Objects that differ, or the error. */
  readonly details: readonly string[];
}

/** What sources are rendered with. */
export interface Programs {
  readonly kubectl: string;
  readonly helm: string;
  /** Turns the output of a bare program into a plain manifest file; null if it is no YAML. */
  readonly read: (text: string) => Promise<string | null>;
}

/** A result: objects by kind, namespace and name; or an error. */
type Attempt =
  | { readonly objects: ReadonlyMap<string, unknown>; readonly error?: undefined }
  | { readonly error: string; readonly objects?: undefined };

/**
 * Compares how a source renders here with `kubectl kustomize` or `helm template`. `file` is its kustomization or Chart.yaml.
 * Values that the bare program renders at random are told apart by a second run of it.
 */
export async function compareWithBare(tree: WorkingTree, file: string, programs: Programs): Promise<Comparison> {
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

/** Renders with the bare program, and reads its output like plain manifests. */
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
    const manifest = await programs.read(text);
    if (manifest === null) return { error: "the output is no YAML that kubectl reads" };
    await writeFile(join(scratch.path, "objects.yaml"), manifest);
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
