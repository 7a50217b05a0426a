import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type Metafile, type OutputFile, type Plugin } from "esbuild";
import { repositoryRoot } from "./repository-root.js";
import { UI_FOLDER } from "./ui-files.js";

/** Entry points by file name in `dist`. Missing entry points are skipped. */
const ENTRIES: Readonly<Record<string, string>> = {
  main: "src/main.ts",
  "manifest-worker": "src/render/manifest-worker.ts",
  overseer: "src/cli/main.ts",
  "overseer-core": "src/overseer-core/main.ts",
  "overseer-agent": "src/overseer-core/agent/main.ts",
};

/**
 * Packages that a start must not load, by what is started: the program, and the roles that it takes on by `import()`. The import of
 * one alone takes longer than all else together, the others are memory that this role has no use for.
 */
const LAZY_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "src/cli/main.ts": ["js-yaml", "zod"],
  "src/main.ts": ["@kubernetes/client-node", "fastify", "isomorphic-git", "openid-client"],
  "src/wiring/controller.ts": ["@kubernetes/client-node"],
  "src/wiring/server.ts": ["@kubernetes/client-node", "isomorphic-git", "openid-client"],
  "src/wiring/api.ts": ["@kubernetes/client-node", "isomorphic-git", "croner", "re2js"],
};

/** The package with a native part, and what its parts are for: those of the machines that the product runs on, and of this one. */
const NATIVE = "node_modules/@photostructure/sqlite/prebuilds";
const NATIVE_PLATFORMS: ReadonlySet<string> = new Set([
  "linux-x64",
  "linux-arm64",
  `${process.platform}-${process.arch}`,
]);

/**
 * A package asks `node-gyp-build` for its native part by its own folder, which a bundle does not have. In the bundle that part is
 * looked for in `prebuilds` beside the file that asks.
 */
const nativeBeside: Plugin = {
  name: "native-beside",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node-gyp-build$/ }, ({ resolveDir }) => ({
      path: resolveDir,
      namespace: "native-beside",
    }));
    onLoad({ filter: /.*/, namespace: "native-beside" }, ({ path }) => ({
      contents: `
        import load from "node-gyp-build/node-gyp-build.js";
        import { dirname } from "node:path";
        import { fileURLToPath } from "node:url";
        export default () => load(dirname(fileURLToPath(import.meta.url)));`,
      resolveDir: path,
    }));
  },
};

/** CommonJS packages use `require`, which ES modules do not provide. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** A defect of the bundle that would otherwise surface in production. */
class BundleError extends Error {
  readonly code = "BUNDLE_REFUSED";
}

/** Bundles the entry points into `dist`, which then needs no node_modules, and returns the outputs. */
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
    // Workers are next to the entry points, since modules find them by relative path.
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
    plugins: [nativeBeside],
  });
  await replaceFolder(join(root, "dist"), outputFiles, join(root, NATIVE), join(root, UI_FOLDER));
  return metafile;
}

/** Replaces a directory by renames, so that a process that starts meanwhile finds either the old or the new files. */
async function replaceFolder(folder: string, files: readonly OutputFile[], native: string, ui: string): Promise<void> {
  const [fresh, old] = [`${folder}.new-${process.pid}`, `${folder}.old-${process.pid}`];
  await mkdir(fresh);
  for (const platform of (await readdir(native)).filter((name) => NATIVE_PLATFORMS.has(name))) {
    await cp(join(native, platform), join(fresh, "prebuilds", platform), { recursive: true });
  }
  await cp(ui, join(fresh, "ui"), { recursive: true });
  await Promise.all(files.map(({ path, contents }) => writeFile(join(fresh, basename(path)), contents)));
  await rename(folder, old).catch(() => {});
  await rename(fresh, folder);
  await rm(old, { recursive: true, force: true });
}

/** Returns the files loaded when `output` starts: itself and its static imports. */
function loadedAtStart(metafile: Metafile, output: string): Set<string> {
  const loaded = new Set([output]);
  for (const path of loaded) {
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && !external) loaded.add(next);
    }
  }
  return loaded;
}

/** Throws if a bundle loads a lazy package at startup, or contains two copies of a package that must be unique. */
function check(metafile: Metafile): void {
  for (const [source, packages] of Object.entries(LAZY_PACKAGES)) checkStart(metafile, source, packages);
  const roots = Object.keys(metafile.inputs).flatMap((input) => /^(.*node_modules\/undici)\//.exec(input)?.[1] ?? []);
  const copies = [...new Set(roots)];
  if (copies.length > 1) throw new BundleError(`more than one copy of undici: ${copies.join(", ")}`);
}

function checkStart(metafile: Metafile, source: string, lazy: readonly string[]): void {
  const start = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === source)?.[0];
  if (start === undefined) throw new BundleError(`${source} is no longer a separate file: import it with import()`);
  for (const output of loadedAtStart(metafile, start)) {
    const inputs = Object.keys(metafile.outputs[output]?.inputs ?? {});
    const early = lazy.find((name) => inputs.some((input) => input.includes(`node_modules/${name}/`)));
    if (early !== undefined)
      throw new BundleError(`${early} is loaded at the start of ${source} by ${output}: import it with import()`);
  }
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
