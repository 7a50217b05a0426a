import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `unit` needs no cluster, and its files run beside each other; the files of `behaviour` run in workers with a control plane each. */
export type Tier = "unit" | "behaviour";

/** Folders of a tier, below `test/`. */
const FOLDERS: Readonly<Record<Tier, readonly string[]>> = {
  unit: ["unit", "house", "regression"],
  behaviour: ["behaviour"],
};

/** The test files of a tier, by their sources' paths; `only` names files or folders, as sources or compiled. */
export function testFiles(root: string, tier: Tier, only: readonly string[]): string[] {
  const wanted = only.map(asSource);
  return FOLDERS[tier]
    .flatMap((folder) => list(root, `test/${folder}`))
    .filter((path) => wanted.length === 0 || wanted.some((one) => path === one || path.startsWith(`${one}/`)))
    .sort();
}

/** Whether a behaviour test file says, in a line `// Runs alone: …` with the reason, that no other file may run beside it. */
export function runsAlone(root: string, source: string): boolean {
  return /^\/\/ Runs alone: \S/m.test(readFileSync(join(root, source), "utf8"));
}

/** Where the compiled file of a test is. */
export function compiledPath(root: string, source: string): string {
  return join(root, "build", source.replace(/\.ts$/, ".js"));
}

/** Deals files to `count` piles, one after the other, so that neighbours, which tend to be alike, are spread. */
export function deal<T>(items: readonly T[], count: number): T[][] {
  const piles: T[][] = Array.from({ length: Math.max(1, Math.min(count, items.length)) }, () => []);
  items.forEach((item, index) => {
    piles[index % piles.length]?.push(item);
  });
  return piles;
}

function asSource(path: string): string {
  return path
    .replace(/^\.\//, "")
    .replace(/^build\//, "")
    .replace(/\.js$/, ".ts")
    .replace(/\/+$/, "");
}

function list(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `${folder}/${path}`);
}
