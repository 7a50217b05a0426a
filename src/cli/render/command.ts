import { readFile } from "node:fs/promises";
import { basename, relative, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { messageOf } from "../../base/errors.js";
import { jsonText } from "../../base/hash.js";
import { isBuiltinGroup } from "../../manifest/builtin-groups.js";
import { builtinScope } from "../../manifest/builtin-scopes.js";
import { formatOrigin } from "../../manifest/document.js";
import { normalisePath } from "../../render/repository-path.js";
import type { ClusterFacts, Note, RenderRequest, SourceSelection } from "../../render/request.js";
import { relativePath } from "../../render/snapshot-files.js";
import { UsageError } from "../exit-codes.js";
import { appRequest, type SourceRequest } from "./app-request.js";
import { offlineRenderer } from "./offline-renderer.js";
import { FORMATS, type Format, formatDocuments } from "./print.js";
import { WorkingTree } from "./working-tree.js";

/** Options of `overseer render`, as commander parses them. */
interface RenderOptions {
  readonly file?: string;
  readonly app?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly destination?: "kubernetes" | "overseer";
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly setString?: readonly string[];
  readonly env?: readonly string[];
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly output: Format;
  readonly kubectl?: string;
  readonly helm?: string;
  readonly timeout: number;
}

const DESCRIPTION =
  "Print the objects that a directory renders to.\n\n" +
  "PATH is a directory or file, read as the operator would read it if all of its work tree were committed now: files that Git ignores " +
  "are skipped. It is rendered with the same code, programs and limits as in the operator, without a cluster. With -f, the settings " +
  "are those of an OverseerApp, and PATH is the repository.";

const EXAMPLES = `
Examples:
  overseer render k8s/overlays/prod
  overseer render charts/shop --values env/prod.yaml --set image.tag=v2 --kube-version v1.35.0
  overseer render -f apps/shop.yaml -o name
  overseer render k8s/overlays/prod | kubectl diff -f -

Exit codes: 0 rendered, 1 the source cannot be rendered, 2 the command line is wrong.`;

/** Adds the command `render`. */
export function addRender(program: Command): void {
  program
    .command("render")
    .argument("[PATH]", "directory or file; defaults to the current directory")
    .summary("print the objects that a directory renders to")
    .description(DESCRIPTION)
    .option("-f, --file <FILE>", "manifest of an OverseerApp: use its source, namespace and destination")
    .option("--app <NAME>", "with -f: which OverseerApp of the file")
    .option("-n, --namespace <NAME>", 'namespace of objects that set none (default: "default")')
    .option("--name <NAME>", 'name of the app, which is the release name of charts (default: "app")')
    .addOption(
      new Option("--destination <KIND>", "what the objects are for; defaults to kubernetes").choices([
        "kubernetes",
        "overseer",
      ]),
    )
    .option("--values <FILE>", "values file for a chart; may be repeated", collect)
    .option("--set <PATH=VALUE>", "value for a chart; may be repeated", collect)
    .option("--set-string <PATH=VALUE>", "the same, and the value is always a string", collect)
    .option("--env <NAME=VALUE>", "variable for Compose documents; may be repeated", collect)
    .option("--kube-version <VERSION>", "Kubernetes version that charts are rendered for; defaults to that of helm")
    .option("--api-versions <VERSION>", "API version that charts can ask for; may be repeated", collect)
    .option("--include <GLOB>", "read only files that match, relative to PATH; may be repeated", collect)
    .option("--exclude <GLOB>", "ignore files that match, relative to PATH; may be repeated", collect)
    .addOption(new Option("-o, --output <FORMAT>", "output format").choices(FORMATS).default("yaml"))
    .option("--kubectl <FILE>", "kubectl program, for Kustomize (default: from PATH)")
    .option("--helm <FILE>", "helm program, for charts (default: from PATH)")
    .option("--timeout <SECONDS>", "time limit of kubectl and helm", seconds, 60)
    .addHelpText("after", EXAMPLES)
    .action(render);
}

async function render(path: string | undefined, options: RenderOptions): Promise<void> {
  const tree = await WorkingTree.open(path ?? ".").catch((error: unknown) => {
    throw new UsageError(`PATH ${JSON.stringify(path ?? ".")} cannot be read: ${messageOf(error)}`);
  });
  const asked =
    options.file === undefined ? pathRequest(tree, path ?? ".") : await appRequest(options.file, options.app);
  const renderer = offlineRenderer(options);
  const request: RenderRequest = {
    source: await withFlags(asked.source, tree, options),
    name: options.name ?? asked.name,
    defaultNamespace: options.namespace ?? asked.namespace,
    target: options.destination ?? asked.target,
    env: { ...asked.env, ...Object.fromEntries((options.env ?? []).map((text) => pair("--env", text))) },
    cluster: () => facts(options),
    scopeOf: (kind) => (isBuiltinGroup(kind.group) ? builtinScope(kind) : undefined),
  };
  const result = await renderer.render(request, tree);
  process.stdout.write(formatDocuments(result.documents, options.output));
  for (const note of result.notes) process.stderr.write(`note: ${formatNote(note)}\n`);
  if (result.notesOmitted > 0) process.stderr.write(`note: and ${result.notesOmitted} more notes\n`);
  if (result.nothing !== undefined) process.stderr.write(`note: ${result.nothing}\n`);
  for (const { group, kind } of result.unknownKinds)
    process.stderr.write(`note: ${kind}.${group} is no built-in kind, and is taken as namespaced\n`);
}

function pathRequest(tree: WorkingTree, path: string): SourceRequest {
  const source: SourceSelection = { path: relative(tree.root, resolve(path)).replaceAll("\\", "/") };
  return { source, name: "app", namespace: "default", target: "kubernetes", env: {} };
}

/** The source with what the flags say over it. Flags of charts make it a chart. */
async function withFlags(
  source: SourceSelection,
  tree: WorkingTree,
  { include = [], exclude = [], values = [], set = [], setString = [] }: RenderOptions,
): Promise<SourceSelection> {
  const selected: SourceSelection = {
    ...source,
    ...(include.length > 0 ? { include } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
  };
  if (values.length + set.length + setString.length === 0) return selected;
  if (source.kustomize !== undefined || source.plain !== undefined)
    throw new UsageError(
      "--values, --set and --set-string are for charts, and the OverseerApp says that its source is none",
    );
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
        ...set.map((text) => parameter("--set", text)),
        ...setString.map((text) => ({ ...parameter("--set-string", text), forceString: true })),
      ],
    },
  };
}

async function attachFile(tree: WorkingTree, file: string): Promise<string> {
  try {
    return tree.pathOf(file) ?? tree.attach(basename(file), await readFile(file));
  } catch (error) {
    throw new UsageError(`--values ${JSON.stringify(file)} cannot be read: ${messageOf(error)}`);
  }
}

function parameter(flag: string, text: string): { readonly name: string; readonly value: string } {
  const [name, value] = pair(flag, text);
  return { name, value };
}

function pair(flag: string, text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`${flag} ${JSON.stringify(text)} is not of the form NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function facts({ kubeVersion, apiVersions = [] }: RenderOptions): ClusterFacts | undefined {
  if (kubeVersion === undefined) return undefined;
  return { kubeVersion, apiVersions: [...apiVersions].sort() };
}

function formatNote({ origin, object, message }: Note): string {
  return [origin === undefined ? undefined : formatOrigin(origin), object, message].filter(Boolean).join(": ");
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 3600) return value;
  throw new InvalidArgumentError("It must be a number of seconds from 1 to 3600.");
}
