import { OverseerError } from "../../base/errors.js";
import type { KubeObject } from "../../manifest/document.js";
import { compareApps, type Difference } from "../../render/parity/compare.js";
import { coreFacts } from "../../render/parity/core-facts.js";
import { kubernetesFacts } from "../../render/parity/kubernetes-facts.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { OutputFlags } from "../flags.js";
import { formatValue } from "../output/objects.js";
import { plainText } from "../output/plain-text.js";
import { appRequest, type SourceRequest } from "../render/app-request.js";
import { pathRequest, renderSource } from "../render/render.js";
import { WorkingTree } from "../render/working-tree.js";
import { print, say } from "../terminal.js";
import { type OfflineOptions, openTree } from "./sources.js";

/** Flags of `overseer parity`. */
export interface ParityFlags extends OfflineOptions, OutputFlags {
  readonly file?: string;
  readonly app?: string;
}

/** What one destination makes of a source. */
type Rendered = { readonly objects: readonly KubeObject[] } | { readonly refused: string };

/** Runs `overseer parity`: exit code 1 if the apps differ, or if a destination refuses the source. */
export async function parity(path = ".", flags: ParityFlags): Promise<ExitCode> {
  const tree = await openTree(() => WorkingTree.open(path), path);
  const asked = flags.file === undefined ? pathRequest(tree, path) : await appRequest(flags.file, flags.app);
  const render = (target: "kubernetes" | "overseer"): Promise<Rendered> => renderFor(target, tree, asked, flags);
  const core = await render("overseer");
  const kubernetes = await render("kubernetes");
  const refused = {
    ...("refused" in core ? { core: core.refused } : {}),
    ...("refused" in kubernetes ? { kubernetes: kubernetes.refused } : {}),
  };
  const ours = coreFacts("objects" in core ? core.objects : []);
  const differences =
    "objects" in core && "objects" in kubernetes
      ? compareApps(ours, kubernetesFacts(kubernetes.objects, asked.source.compose?.ingress?.signIn))
      : [];
  const isEqual = differences.length === 0 && Object.keys(refused).length === 0;
  const { output } = flags;
  if (output === "json" || output === "yaml")
    print(await formatValue({ equal: isEqual, apps: [...ours.keys()], differences, refused }, output));
  else {
    print(differences.map((one) => plainText(`${show(one)}\n`)).join(""));
    if (refused.core !== undefined) say(`refused for a Core: ${refused.core}`);
    if (refused.kubernetes !== undefined) say(`refused for Kubernetes: ${refused.kubernetes}`);
    const apps = `${ours.size} app${ours.size === 1 ? "" : "s"}`;
    if (isEqual) say(ours.size === 0 ? "no app of overseer.io/v1 in this source" : `${apps}: no difference`);
    else if (Object.keys(refused).length === 0)
      say(`${apps}: ${differences.length} difference${differences.length === 1 ? "" : "s"}`);
  }
  return isEqual ? EXIT.done : EXIT.failed;
}

async function renderFor(
  target: "kubernetes" | "overseer",
  tree: WorkingTree,
  asked: SourceRequest,
  flags: ParityFlags,
): Promise<Rendered> {
  // What a cluster offers says nothing about a Core.
  const { compose: _, ...ofCore } = asked.source;
  const source = target === "overseer" ? ofCore : asked.source;
  try {
    const { documents } = await renderSource(tree, { ...asked, source }, { ...flags, destination: target });
    return { objects: documents.map(({ object }) => object) };
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return { refused: error.message };
  }
}

function show({ app, field, core, kubernetes }: Difference): string {
  return `${[app, field].filter(Boolean).join(": ")}: ${core} on a Core, ${kubernetes} on Kubernetes`;
}
