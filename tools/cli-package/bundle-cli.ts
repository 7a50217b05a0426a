import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

/** CommonJS packages use `require`, which ES modules do not provide. */
const ESM_BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';
/** A CommonJS program has no `import.meta`. */
const CJS_BANNER = 'const __overseerUrl = require("node:url").pathToFileURL(__filename).href;';

function shared(root: string): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: { overseer: join(root, "src/cli/main.ts") },
    bundle: true,
    platform: "node",
    target: "node20.19",
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: "linked",
    logLevel: "warning",
  };
}

/** Bundles the command line for Node.js: `overseer.mjs`, and files that are loaded when a command needs them. */
export async function bundleForNode(root: string, folder: string): Promise<void> {
  await build({
    ...shared(root),
    outdir: folder,
    format: "esm",
    splitting: true,
    outExtension: { ".js": ".mjs" },
    chunkNames: "lib/[name]-[hash]",
    banner: { js: ESM_BANNER },
  });
}

/** Bundles the command line into one CommonJS file, for a single executable. */
export async function bundleToOneFile(root: string, folder: string): Promise<void> {
  await build({
    ...shared(root),
    outdir: folder,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    define: { "import.meta.url": "__overseerUrl" },
    banner: { js: CJS_BANNER },
  });
}
