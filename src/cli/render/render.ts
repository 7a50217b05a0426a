import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { OverseerError } from "../../base/errors.js";
import { jsonText } from "../../base/hash.js";
import { isBuiltinGroup } from "../../manifest/builtin-groups.js";
import { builtinScope } from "../../manifest/builtin-scopes.js";
import { displayId } from "../../manifest/object-id.js";
import { detect } from "../../render/detect.js";
import type { OpenRemoteBase } from "../../render/remote-base.js";
import { formatRenderProblem, RenderError, type RenderProblem } from "../../render/render-error.js";
import { normalisePath } from "../../render/repository-path.js";
import {
  allDocuments,
  type ClusterFacts,
  type RenderRequest,
  type RenderResult,
  type SourceSelection,
} from "../../render/request.js";
import { relativePath } from "../../render/snapshot-files.js";
import { UsageError } from "../exit-codes.js";
import { fileFault } from "../file-fault.js";
import { appRequest, type SourceRequest } from "./app-request.js";
import { offlineRenderer } from "./offline-renderer.js";
import type { RenderOptions } from "./options.js";
import { formatDocuments, formatNote } from "./print.js";
import { registryCredentials } from "./registry-credentials.js";
import { withRemoteBases } from "./remote-bases.js";
import { valuesOfSet } from "./set-flags.js";
import { WorkingTree } from "./working-tree.js";

/** Runs `overseer render`. */
export async function render(path: string | undefined, options: RenderOptions): Promise<void> {
  const tree = await WorkingTree.open(path ?? ".").catch((error: unknown) => {
    throw new UsageError(`PATH ${JSON.stringify(path ?? ".")} cannot be read: ${fileFault(error)}`);
  });
  const asked =
    options.file === undefined ? pathRequest(tree, path ?? ".") : await appRequest(options.file, options.app);
  await ensureSeen(tree, asked.source.path, options.file);
  const result = await renderSource(tree, asked, options);
  process.stdout.write(formatDocuments(allDocuments(result), options.output));
  for (const { document, spec } of result.hooks ?? [])
    process.stderr.write(`note: ${displayId(document.id)} runs as a hook: ${spec.phases.join(", ")}\n`);
  for (const note of result.notes) process.stderr.write(`note: ${formatNote(note)}\n`);
  if (result.notesOmitted > 0) process.stderr.write(`note: and ${result.notesOmitted} more notes\n`);
  if (result.nothing !== undefined) process.stderr.write(`note: ${result.nothing}\n`);
  for (const { group, kind } of result.unknownKinds)
    process.stderr.write(`note: ${kind}.${group} is no built-in kind, and is taken as namespaced\n`);
}

/** Refuses a directory that is there, but not in the tree. */
async function ensureSeen(tree: WorkingTree, path: string, file: string | undefined): Promise<void> {
  if (file !== undefined || !existsSync(join(tree.root, path)) || (await tree.treeAt(normalisePath(path)))) return;
  throw new UsageError(`PATH ${JSON.stringify(path)} is empty or ignored by Git: the operator would not see it`);
}

/**
 * Renders a source of a work tree or commit as the operator does.
 *
 * @throws OverseerError with a line for each problem.
 */
export async function renderSource(
  tree: WorkingTree,
  asked: SourceRequest,
  options: Omit<RenderOptions, "output">,
): Promise<RenderResult> {
  const renderer = offlineRenderer(options);
  const keys = await readKeys(options);
  const source = await withFlags(asked.source, tree, options);
  const target = options.destination ?? asked.target;
  const cluster = facts(options);
  const isDecrypted = keys !== undefined && target === "kubernetes" && source.decryption === undefined;
  const { chart } = source.helm ?? {};
  const chartCredentials = chart === undefined ? undefined : await registryCredentials(chart, options, process.env);
  const request: RenderRequest = {
    source: isDecrypted ? { ...source, decryption: ANY_KEY } : source,
    external: chartCredentials === undefined ? keys : { ...NOTHING_EXTERNAL, ...keys, chartCredentials },
    name: options.name ?? asked.name,
    defaultNamespace: options.namespace ?? asked.namespace,
    target,
    env: { ...asked.env, ...Object.fromEntries((options.env ?? []).map((text) => pair("--env", text))) },
    cluster: () => cluster,
    scopeOf: (kind) => (isBuiltinGroup(kind.group) ? builtinScope(kind) : undefined),
  };
  const draw = (openRemoteBase: OpenRemoteBase): Promise<RenderResult> =>
    renderer.render({ ...request, openRemoteBase }, tree).catch((error: unknown) => {
      throw error instanceof RenderError ? allProblems(withNames(error, tree)) : error;
    });
  const { allowedRemoteBaseHosts: hosts } = options;
  return hosts === undefined ? draw(refuseRemoteBase) : withRemoteBases(hosts, tree.root, draw);
}

/** Nothing is fetched unless the command line says from where. */
const refuseRemoteBase: OpenRemoteBase = async () => ({
  refused: "remote bases are fetched only from the hosts that --allowed-remote-base-hosts lists",
});

/** What is known of the objects of a cluster: nothing. */
const NOTHING_EXTERNAL = { isPartial: true, digest: "", variables: new Map<string, never>(), values: [] } as const;

/** Files are decrypted whenever there are keys. */
const ANY_KEY = { provider: "sops", secretRef: { name: "-" } } as const;

/** The keys of a file that was named, and nothing else of what a cluster has. */
async function readKeys({
  ageKeyFile = process.env.SOPS_AGE_KEY_FILE,
}: Pick<RenderOptions, "ageKeyFile">): Promise<RenderRequest["external"]> {
  if (ageKeyFile === undefined || ageKeyFile === "") return undefined;
  const text = await readFile(ageKeyFile, "utf8").catch((error: unknown) => {
    throw new UsageError(`--age-key-file ${JSON.stringify(ageKeyFile)} cannot be read: ${fileFault(error)}`);
  });
  const decryption = { from: ageKeyFile, files: new Map([[basename(ageKeyFile), text]]) };
  return { ...NOTHING_EXTERNAL, decryption };
}

/** What a directory is rendered for without an OverseerApp. */
export function pathRequest(tree: WorkingTree, path: string): SourceRequest {
  const source: SourceSelection = { path: relative(tree.root, resolve(path)).replaceAll("\\", "/") };
  return { source, name: "app", namespace: "default", target: "kubernetes", env: {} };
}

/** The source with what the flags say over it. Flags of charts make it a chart. */
async function withFlags(
  source: SourceSelection,
  tree: WorkingTree,
  options: Omit<RenderOptions, "output">,
): Promise<SourceSelection> {
  const { include = [], exclude = [], overlay, values = [], set = [], setString = [] } = options;
  const selected: SourceSelection = {
    ...source,
    ...(include.length > 0 ? { include } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(overlay === undefined ? {} : { overlay: overlayPath(tree, overlay) }),
    ...(options.allowedRemoteBaseHosts !== undefined && !options.file && (await isBareKustomization(source, tree))
      ? { kustomize: { allowRemoteBases: true } }
      : {}),
  };
  if (values.length + set.length + setString.length === 0) return selected;
  if (source.kustomize !== undefined || source.plain !== undefined)
    throw new UsageError(
      "--values, --set and --set-string are for charts, and the OverseerApp says that its source is none",
    );
  await ensureChart(source, tree);
  const { values: ofApp, ...helm } = source.helm ?? {};
  const files = [
    // What is given here wins over the values of the app, as these win over its files.
    ...(ofApp === undefined || values.length === 0 ? [] : [tree.attach("source.helm.values", jsonText(ofApp))]),
    ...(await Promise.all(values.map((file) => attachFile(tree, file)))),
  ];
  const folder = normalisePath(source.path);
  return {
    ...selected,
    helm: {
      ...helm,
      ...(ofApp !== undefined && values.length === 0 ? { values: ofApp } : {}),
      valueFiles: [...(helm.valueFiles ?? []), ...files.map((path) => relativePath(folder, path))],
      parameters: [
        ...(helm.parameters ?? []),
        ...set.flatMap((text) => valuesOfSet("--set", text)),
        ...setString
          .flatMap((text) => valuesOfSet("--set-string", text))
          .map((parameter) => ({ ...parameter, forceString: true })),
      ],
    },
  };
}

/** Refuses flags of charts for a directory that is none. */
async function ensureChart(source: SourceSelection, tree: WorkingTree): Promise<void> {
  if (source.helm !== undefined) return;
  const entry = await tree.treeAt(normalisePath(source.path));
  if (entry === undefined || (entry.kind === "tree" && (await tree.listNames(entry.id)).includes("Chart.yaml"))) return;
  throw new UsageError(
    `--values, --set and --set-string are for charts, and ${JSON.stringify(source.path || ".")} holds no Chart.yaml: name the directory of a chart, or remove the flags`,
  );
}

/** Whether a path without an OverseerApp is the directory of a kustomization: the flag that lists hosts permits its remote bases. */
async function isBareKustomization(source: SourceSelection, tree: WorkingTree): Promise<boolean> {
  if (source.kustomize !== undefined || source.helm !== undefined || source.plain !== undefined) return false;
  const entry = await tree.treeAt(normalisePath(source.path));
  return entry?.kind === "tree" && detect(await tree.listNames(entry.id)).kind === "kustomize";
}

function overlayPath(tree: WorkingTree, directory: string): string {
  const path = relative(tree.root, resolve(directory)).replaceAll("\\", "/");
  if (path.startsWith("..")) throw new UsageError(`--overlay ${JSON.stringify(directory)} is not in ${tree.root}`);
  return path;
}

async function attachFile(tree: WorkingTree, file: string): Promise<string> {
  try {
    return tree.pathOf(file) ?? tree.attach(file, await readFile(file));
  } catch (error) {
    throw new UsageError(`--values ${JSON.stringify(file)} cannot be read: ${fileFault(error)}`);
  }
}

function pair(flag: string, text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`${flag} ${JSON.stringify(text)} is not of the form NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function facts({
  kubeVersion,
  apiVersions = [],
}: Pick<RenderOptions, "kubeVersion" | "apiVersions">): ClusterFacts | undefined {
  if (kubeVersion === undefined) return undefined;
  if (!/^v?\d+\.\d+(\.\d+)?([-+].*)?$/.test(kubeVersion))
    throw new UsageError(`--kube-version ${JSON.stringify(kubeVersion)} is no version: write it as in v1.35.2`);
  return { kubeVersion, apiVersions: [...apiVersions].sort() };
}

/** The same error, with files that were given on the command line by their own names. */
function withNames({ problems, remark }: RenderError, tree: WorkingTree): RenderError {
  const named = problems.map(({ origin, message, ...rest }): RenderProblem => {
    const shown = { ...rest, message: tree.withNames(message) };
    return origin === undefined ? shown : { ...shown, origin: { ...origin, file: tree.withNames(origin.file) } };
  });
  return new RenderError(named, remark);
}

/** A condition has room for the first problems of a source; here each has a line. */
function allProblems(error: RenderError): OverseerError {
  const { problems, remark } = error;
  if (problems.length < 2) return error;
  const lines = [`${problems.length} problems:`, ...problems.map((problem) => `  ${formatRenderProblem(problem)}`)];
  const end = remark === undefined ? "" : ` (${remark})`;
  return new OverseerError(`${lines.join("\n")}${end}`, { code: error.code, reason: error.reason, class: error.class });
}
