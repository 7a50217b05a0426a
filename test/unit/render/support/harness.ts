import type { GroupVersionKind } from "../../../../src/manifest/object-id.js";
import { ParseCache } from "../../../../src/render/parse-cache.js";
import { type FileText, parseFile } from "../../../../src/render/parser.js";
import { PlainRenderer } from "../../../../src/render/plain.js";
import { SourceRenderer, type SourceRendererOptions } from "../../../../src/render/render.js";
import type { RenderRequest, RenderResult } from "../../../../src/render/request.js";
import { type MemoryFile, MemorySnapshot } from "./memory-snapshot.js";

const CLUSTER_KINDS = ["Namespace", "ClusterRole", "CustomResourceDefinition"];

/** Built-in kinds as a cluster knows them; nothing of other groups. */
export function scopeOf({ group, kind }: GroupVersionKind): "Namespaced" | "Cluster" | undefined {
  if (group.includes("example.com")) return undefined;
  return CLUSTER_KINDS.includes(kind) ? "Cluster" : "Namespaced";
}

/** A request for `source` with what tests do not care about filled in. */
export function request(
  path: string,
  rest: Partial<RenderRequest> & { include?: string[]; exclude?: string[] } = {},
): RenderRequest {
  const { include, exclude, ...others } = rest;
  return {
    source: { path, ...(include ? { include } : {}), ...(exclude ? { exclude } : {}) },
    defaultNamespace: "shop",
    scopeOf,
    ...others,
  };
}

/** A cache that parses everything on this thread, and records what would have gone to another. */
export function inlineCache(maxBytes?: number): { cache: ParseCache; elsewhere: (readonly FileText[])[] } {
  const elsewhere: (readonly FileText[])[] = [];
  const cache = new ParseCache({
    ...(maxBytes === undefined ? {} : { maxBytes }),
    parseElsewhere: async (files, limits) => {
      elsewhere.push(files);
      return files.map((file) => parseFile(file, limits));
    },
  });
  return { cache, elsewhere };
}

/** Renders files as one commit. */
export async function renderFiles(
  files: Readonly<Record<string, MemoryFile>>,
  wanted: RenderRequest,
  options: SourceRendererOptions = {},
): Promise<RenderResult> {
  return new SourceRenderer([new PlainRenderer(inlineCache().cache)], options).render(
    wanted,
    new MemorySnapshot(files),
  );
}

/** The error that `work` rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not fail");
}

/** Part of a request: values of a chart from Secrets, and variables. */
export function fromCluster(
  texts: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Pick<RenderRequest, "external"> {
  const values = texts.map((text, index) => ({ name: `source.helm.valuesFrom[${index}]`, text, secret: true }));
  const named = Object.entries(variables).map(([name, value]) => [name, { value, secret: true }] as const);
  return { external: { digest: JSON.stringify([texts, variables]), variables: new Map(named), values } };
}

/** A ConfigMap of that name, in YAML. */
export function configMap(name: string, namespace?: string): string {
  const where = namespace === undefined ? "" : `, namespace: ${namespace}`;
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${where}}\ndata: {name: ${name}}\n`;
}
