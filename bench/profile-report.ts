import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { repositoryRoot } from "../tools/repository-root.js";
import { type CpuProfile, type Locate, type Place, type Share, summarise } from "./profile.js";
import { formatTable } from "./table.js";

const FUNCTIONS = 30;
const CALLERS = 40;
const PARTS = 15;

/** Says in tables where the time of each profile in a folder goes: one of the main thread, and one per worker thread. */
export async function summariseProfiles(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile")).sort();
  if (files.length === 0) throw new Error(`no CPU profile in ${folder}`);
  const locate = sourceLocator();
  const texts = await Promise.all(
    files.map(async (file) => {
      const summary = summarise(JSON.parse(await readFile(join(folder, file), "utf8")) as CpuProfile, locate);
      const table = (title: string, shares: readonly Share[]): string =>
        formatTable(
          [title, "self ms", "self %", "total ms", "total %"],
          shares.map(({ what, selfMs, totalMs }) => [
            what,
            selfMs.toFixed(0),
            ((selfMs / summary.busyMs) * 100).toFixed(1),
            totalMs.toFixed(0),
            ((totalMs / summary.busyMs) * 100).toFixed(1),
          ]),
        );
      const ours = summary.functions.filter(({ what }) => what.includes(" src/"));
      const byTotal = [...ours].sort((a, b) => b.totalMs - a.totalMs).slice(0, CALLERS);
      return [
        `${file}: ${summary.busyMs.toFixed(0)} ms at work`,
        table("part", summary.parts.slice(0, PARTS)),
        table("function, by self time", summary.functions.slice(0, FUNCTIONS)),
        table("function of ours, by total time", byTotal),
      ].join("\n\n");
    }),
  );
  return texts.join("\n\n");
}

/** Finds sources through the maps beside the bundle. */
function sourceLocator(): Locate {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) {
      const path = `${file}.map`;
      const payload = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as SourceMapPayload) : undefined;
      maps.set(file, payload && new SourceMap(payload));
    }
    return maps.get(file);
  };
  return ({ functionName, url, lineNumber, columnNumber }): Place => {
    const name = functionName === "" ? "(anonymous)" : functionName;
    if (!url.startsWith("file:")) return { name, where: url, part: url === "" ? name : "node" };
    const file = fileURLToPath(url);
    const entry = mapOf(file)?.findEntry(lineNumber, columnNumber);
    if (!entry || !("originalSource" in entry))
      return { name, where: `${relative(repositoryRoot(), file)}:${lineNumber + 1}`, part: "bundle" };
    const source = relative(repositoryRoot(), join(dirname(file), entry.originalSource));
    return { name, where: `${source}:${entry.originalLine + 1}`, part: partOf(source) };
  };
}

/** `src/kube/client/kube-client.ts` → `src/kube`; `node_modules/undici/lib/x.js` → `undici`. */
function partOf(source: string): string {
  const dependency = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1];
  return dependency ?? source.split("/").slice(0, 2).join("/");
}
