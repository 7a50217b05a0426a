import { existsSync } from "node:fs";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type Metafile, type OutputFile } from "esbuild";
import { repositoryRoot } from "./repository-root.js";

/** Entry points by the name of their file in `dist`. Those that are not there yet are left out. */
const ENTRIES: Readonly<Record<string, string>> = {
  main: "src/main.ts",
  "manifest-worker": "src/render/manifest-worker.ts",
};

/** Packages that start-up must not load: their import alone takes longer than all else together. They come by `import()`. */
const LAZY_PACKAGES = ["@kubernetes/client-node"];

/** CommonJS packages ask for `require`, which a module does not have. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** Something about the bundle that would be found out in production otherwise. */
class BundleError extends Error {
  readonly code = "BUNDLE_REFUSED";
}

/** Bundles the entry points into `dist`, which needs no node_modules, and returns what went where. */
async function bundle(root: string): Promise<Metafile> {
  const entryPoints = Object.fromEntries(
    Object.entries(ENTRIES).filter(([, source]) => existsSync(join(root, source))),
  );
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: "dist",
    bundle: true,
    splitting: true,
    // Beside the entry points: a module finds its worker by a path relative to itself, in whichever file it ends up.
    chunkNames: "[name]-[hash]",
    format: "esm",
    platform: "node",
    target: "node20.19",
    banner: { js: BANNER },
    sourcemap: true,
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: "linked",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  await replaceFolder(join(root, "dist"), outputFiles);
  return metafile;
}

/** Puts new files in place of a folder by renames: whoever starts from it meanwhile finds the old files or the new ones. */
async function replaceFolder(folder: string, files: readonly OutputFile[]): Promise<void> {
  const [fresh, old] = [`${folder}.new-${process.pid}`, `${folder}.old-${process.pid}`];
  await mkdir(fresh);
  await Promise.all(files.map(({ path, contents }) => writeFile(join(fresh, basename(path)), contents)));
  await rename(folder, old).catch(() => {});
  await rename(fresh, folder);
  await rm(old, { recursive: true, force: true });
}

/** Files that a start of `output` loads: itself and what it imports, but not what it imports later. */
function loadedAtStart(metafile: Metafile, output: string): Set<string> {
  const loaded = new Set([output]);
  for (const path of loaded) {
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && !external) loaded.add(next);
    }
  }
  return loaded;
}

/** Refuses a bundle that loads a lazy package at start, or that holds two copies of a package whose copies do not mix. */
function check(metafile: Metafile): void {
  for (const output of loadedAtStart(metafile, "dist/main.js")) {
    const inputs = Object.keys(metafile.outputs[output]?.inputs ?? {});
    const early = LAZY_PACKAGES.find((name) => inputs.some((input) => input.includes(`node_modules/${name}/`)));
    if (early !== undefined) throw new BundleError(`${early} is loaded at start by ${output}: import it by import()`);
  }
  const roots = Object.keys(metafile.inputs).flatMap((input) => /^(.*node_modules\/undici)\//.exec(input)?.[1] ?? []);
  const copies = [...new Set(roots)];
  if (copies.length > 1) throw new BundleError(`more than one copy of undici: ${copies.join(", ")}`);
}

async function report(root: string, metafile: Metafile): Promise<void> {
  const atStart = loadedAtStart(metafile, "dist/main.js");
  for (const output of Object.keys(metafile.outputs)
    .filter((path) => path.endsWith(".js"))
    .sort()) {
    const { size } = await stat(join(root, output));
    console.log(`${output} ${Math.ceil(size / 1024)} KiB${atStart.has(output) ? "" : " (not at start)"}`);
  }
}

try {
  const root = repositoryRoot();
  const metafile = await bundle(root);
  check(metafile);
  await report(root, metafile);
} catch (error) {
  if (!(error instanceof BundleError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
