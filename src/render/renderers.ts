import type { RendererKind } from "../api/renderers.js";
import type { ChartRegistry } from "./helm/registry/chart-registry.js";
import { HelmRenderer } from "./helm/renderer.js";
import { KustomizeRenderer } from "./kustomize/renderer.js";
import { ParseCache } from "./parse-cache.js";
import type { ParseFiles } from "./parser.js";
import { PlainRenderer } from "./plain.js";
import type { RenderProgram } from "./programs.js";
import { SourceRenderer, type SourceRendererOptions } from "./render.js";
import type { Renderer } from "./renderer.js";
import { RenderSteps } from "./steps.js";

/** What renderers use. */
export interface RendererParts {
  /** Parses files on another thread, if there is one. */
  readonly parseElsewhere: ParseFiles;
  readonly kubectl: RenderProgram;
  readonly helm: RenderProgram;
  readonly charts: ChartRegistry;
  /** Key of digests of secret values. */
  readonly digestKey: string;
}

/** Creates a SourceRenderer of all kinds of sources, as the operator and the command line use it. */
export function allRenderers(
  { parseElsewhere, kubectl, helm, charts, digestKey }: RendererParts,
  options: Omit<SourceRendererOptions, "steps"> = {},
): SourceRenderer {
  const renderers: { readonly [Kind in RendererKind]: Renderer & { readonly kind: Kind } } = {
    plain: new PlainRenderer(new ParseCache({ parseElsewhere })),
    kustomize: new KustomizeRenderer(kubectl, parseElsewhere),
    helm: new HelmRenderer({ program: helm, parseElsewhere, charts, digestKey }),
  };
  return new SourceRenderer(Object.values(renderers), { ...options, steps: new RenderSteps(kubectl, parseElsewhere) });
}
