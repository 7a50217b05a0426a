/** Folder of the bundled web UI, relative to the root. `tools/bundle.ts` copies it to `dist/ui`. */
export const UI_FOLDER = "build/web";
/** What esbuild reports about the bundles of the web UI. */
export const UI_METAFILE = "build/web-meta.json";
