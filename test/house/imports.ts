import { posix } from "node:path";
import type { SourceFile } from "./sources.js";

/** One import of a file. */
export interface Import {
  readonly from: string;
  /** As written. */
  readonly specifier: string;
  /** Path of the imported file in the repository; undefined for a package. */
  readonly path: string | undefined;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
}

const STATIC = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** Every import, static and dynamic, and every re-export of a file. */
export function importsOf(file: SourceFile): Import[] {
  const text = withoutComments(file.text);
  const found = [...text.matchAll(STATIC)].map(([, type, specifier = ""]) =>
    makeImport(file.path, specifier, type !== undefined),
  );
  const later = [...text.matchAll(DYNAMIC)].map(([, specifier = ""]) => makeImport(file.path, specifier, false));
  return [...found, ...later];
}

/** The files that import themselves by way of others; sorted. */
export function filesInCycles(imports: readonly Pick<Import, "from" | "path">[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, path } of imports)
    if (path !== undefined) targets.set(from, (targets.get(from) ?? new Set()).add(path));
  const reaches = (start: string): boolean => {
    const visited = new Set<string>();
    const next = [...(targets.get(start) ?? [])];
    for (let file = next.pop(); file !== undefined; file = next.pop()) {
      if (file === start) return true;
      if (visited.has(file)) continue;
      visited.add(file);
      next.push(...(targets.get(file) ?? []));
    }
    return false;
  };
  return [...targets.keys()].filter(reaches).sort();
}

/** Name of the package of a specifier, without the path inside it; `node:` modules are as written. */
export function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
}

function makeImport(from: string, specifier: string, typeOnly: boolean): Import {
  const path = specifier.startsWith(".")
    ? posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts")
    : undefined;
  return { from, specifier, path, typeOnly };
}

/** Comments may show code. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}
