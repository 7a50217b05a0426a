import type { GroupVersionKind } from "../../../../../src/manifest/object-id.js";
import { RenderError, type RenderProblem } from "../../../../../src/render/render-error.js";
import type { RenderRequest, RenderResult } from "../../../../../src/render/request.js";
import { failureOf, renderFiles, request, scopeOf } from "../../support/harness.js";
import type { MemoryFile } from "../../support/memory-snapshot.js";

/** What a test may say of a render. */
export type Options = Partial<RenderRequest> & {
  readonly path?: string;
  readonly include?: string[];
  readonly exclude?: string[];
};

function scope(kind: GroupVersionKind): "Namespaced" | "Cluster" | undefined {
  return kind.group === "core.overseer.io" ? "Cluster" : scopeOf(kind);
}

/** Renders files for an Overseer Core. */
export function expandFiles(files: Readonly<Record<string, MemoryFile>>, options: Options = {}): Promise<RenderResult> {
  const { path = "", ...rest } = options;
  return renderFiles(files, request(path, { target: "overseer", scopeOf: scope, ...rest }));
}

/** Renders one file, `app.yaml`, for an Overseer Core. */
export function expandText(text: string, options: Options = {}): Promise<RenderResult> {
  return expandFiles({ "app.yaml": text }, options);
}

/** The spec of the only object of a kind. */
export function specOf(result: RenderResult, kind: string): Record<string, unknown> {
  const found = result.documents.filter(({ id }) => id.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind}`);
  return found[0]?.object.spec as Record<string, unknown>;
}

/** The problems that a render fails with. */
export async function problemsOf(work: Promise<unknown>): Promise<readonly RenderProblem[]> {
  const error = await failureOf(work);
  if (!(error instanceof RenderError)) throw error;
  return error.problems;
}

/** `file:line message` of each problem. */
export async function placesOf(work: Promise<unknown>): Promise<string[]> {
  return (await problemsOf(work)).map(({ origin, message }) => `${origin?.file}:${origin?.line} ${message}`);
}

/** An App document with this Compose document, which is written below `compose:` of the spec. */
export function app(compose: string, rest = ""): string {
  const indented = compose.trim().replaceAll(/^/gm, "    ");
  return `apiVersion: overseer.io/v1\nkind: App\nmetadata:\n  name: web\nspec:\n${rest}  compose:\n${indented}\n`;
}
