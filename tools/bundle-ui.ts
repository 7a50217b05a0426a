import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { repositoryRoot } from "./repository-root.js";
import { UI_FOLDER, UI_METAFILE } from "./ui-files.js";

/** Browsers that have all CSS and JavaScript that the UI uses: those of 2024 and later. */
const TARGET = ["chrome123", "firefox121", "safari17.5"];
/** Files smaller than this are served as they are. */
const COMPRESS_FROM_BYTES = 512;

/**
 * Bundles the web UI into `build/web`: `index.html`, and `assets/` with a hash of the contents in each file name. Each file is also
 * written compressed, with `.br` and `.gz` added to its name.
 */
async function bundleUi(root: string): Promise<void> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { main: "ui/src/main.tsx", style: "ui/styles/main.css" },
    outdir: "assets",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: TARGET,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    tsconfig: "ui/tsconfig.json",
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [`assets/${basename(path)}`, contents]));
  const icon = await readFile(join(root, "ui/icon.svg"));
  const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8).toUpperCase()}.svg`;
  files.set(`assets/${iconName}`, icon);
  const names = { "icon.svg": iconName, "main.js": entry(metafile, ".tsx"), "main.css": entry(metafile, ".css") };
  files.set("index.html", Buffer.from(fill(await readFile(join(root, "ui/index.html"), "utf8"), names)));
  await writeFolder(join(root, UI_FOLDER), files);
  await writeFile(join(root, UI_METAFILE), JSON.stringify(metafile));
}

/** Name of the output of the entry point that ends like this. */
function entry({ outputs }: Metafile, ending: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(`main${ending}`));
  if (found === undefined) throw new Error(`the UI has no entry point main${ending}`);
  return basename(found[0]);
}

function fill(html: string, names: Readonly<Record<string, string>>): string {
  return html.replace(/\{\{([^}]+)\}\}/g, (_, name: string) => names[name] ?? "");
}

/** Replaces a folder by renames, so that a build that is interrupted leaves the old files. */
async function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const fresh = `${folder}.new-${process.pid}`;
  await mkdir(join(fresh, "assets"), { recursive: true });
  await Promise.all([...files].map(([name, bytes]) => writeFile(join(fresh, name), bytes)));
  // The page has the path prefix of the server, which is known at run time: it is compressed there, if at all.
  const assets = [...files].filter(([name, bytes]) => name !== "index.html" && bytes.length >= COMPRESS_FROM_BYTES);
  await Promise.all(
    assets.flatMap(([name, bytes]) => [
      promisify(gzip)(bytes, { level: 9 }).then((packed) => writeFile(join(fresh, `${name}.gz`), packed)),
      promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).then(
        (packed) => writeFile(join(fresh, `${name}.br`), packed),
      ),
    ]),
  );
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
}

await bundleUi(repositoryRoot());
