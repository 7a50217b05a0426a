import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { ManifestError } from "../../../manifest/manifest-error.js";
import { parseManifests } from "../../../manifest/yaml/parse.js";
import { describeInput, type InputObject } from "../../../migration/conversion.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { credentialOf } from "./credentials.js";
import type { ImportInput, Tool } from "./input.js";

const MANIFEST = /\.(ya?ml|json)$/i;
/** Files of Kustomize itself, which are no objects of Flux. */
const KUSTOMIZATION = /^kustomization\.ya?ml$/i;
/** What Flux keeps out of its artifacts, in a repository. */
const IGNORE = ".sourceignore";
const IGNORED =
  "Flux does not apply what these patterns match, and this operator does not read them: write them into spec.ignore of the GitRepository, from the root of the repository, and import again";
/** Objects that can be converted. */
const GROUPS = /^(argoproj\.io|([a-z]+\.)?toolkit\.fluxcd\.io|source\.extensions\.fluxcd\.io)\//;
/** A file with a manifest of such an object, or of a Secret with credentials of Argo CD. */
const WANTED: Readonly<Record<Tool, RegExp>> = {
  argocd: /kind["']?\s*:\s*["']?(Application|ApplicationSet|AppProject)\b|argocd\.argoproj\.io\/secret-type/,
  flux: /apiVersion["']?\s*:\s*["']?([a-z]+\.)?(toolkit|extensions)\.fluxcd\.io\//,
};
/** A file in the templates of a chart, with the folder of the chart. */
const TEMPLATE = /^(.*?)\/?templates\/.*\.ya?ml$/;

/** What an app can do about a file that is no manifest. */
const OTHER_REMEDY = /(;|,? or) leave (it|the file) out with source\.exclude.*$/;

/** Reads the objects of files and directories; `-` is stdin. */
export async function readFiles(tool: Tool, paths: readonly string[]): Promise<ImportInput> {
  const objects: InputObject[] = [];
  const problems: string[] = [];
  const charts = new Set<string>();
  for (const path of paths)
    for (const file of await filesOf(path)) {
      if (basename(file) === IGNORE) {
        if (tool === "flux") problems.push(`${file}: ${IGNORED}`);
        continue;
      }
      const text = file === "-" ? await stdin() : await readFile(file, "utf8");
      if (file !== path && !WANTED[tool].test(text)) continue;
      const chart = text.includes("{{") ? TEMPLATE.exec(file)?.[1] : undefined;
      if (chart !== undefined) {
        charts.add(chart === "" ? "." : chart);
        continue;
      }
      try {
        for (const { object } of parseManifests(text, file)) objects.push(object as unknown as InputObject);
      } catch (error) {
        if (!(error instanceof ManifestError)) throw error;
        problems.push(error.message.replace(OTHER_REMEDY, ""));
      }
    }
  for (const chart of charts)
    problems.push(
      `${chart} is a Helm chart whose templates make objects of the tool: render it, and import the result: helm template ${chart} | overseer import ${tool} -f -`,
    );
  const known = objects.filter(({ apiVersion }) => GROUPS.test(apiVersion));
  return {
    objects: lastOfEach(known, problems),
    credentials: objects.flatMap((object) => (object.kind === "Secret" ? (credentialOf(object) ?? []) : [])),
    problems,
    place: ` in ${paths.join(", ")}`,
  };
}

/** The last one of several objects of the same name, as kubectl would apply them; different ones are reported. */
function lastOfEach(objects: readonly InputObject[], problems: string[]): readonly InputObject[] {
  const found = new Map<string, InputObject>();
  for (const object of objects) {
    const key = describeInput(object);
    const before = found.get(key);
    if (before !== undefined && JSON.stringify(before.spec) !== JSON.stringify(object.spec))
      problems.push(
        `${key} occurs several times with different specs, and the last one is used: name the files of one cluster with -f, or import from the cluster`,
      );
    found.set(key, object);
  }
  return [...found.values()];
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (path === "-") return [path];
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new CommandError(`${path} does not exist`, EXIT.notAllowed);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter(({ name }) => (MANIFEST.test(name) && !KUSTOMIZATION.test(name)) || name === IGNORE)
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.split("/").includes(".git") && basename(file) !== "")
    .sort();
}

async function stdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
