import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ConfinedPrograms } from "../child/confined-programs.js";
import { findConfinement } from "../child/confinement.js";
import { HelmRenderer } from "../render/helm/renderer.js";
import { KustomizeRenderer } from "../render/kustomize/renderer.js";
import { DEFAULT_RENDER_LIMITS, type RenderLimits } from "../render/limits.js";
import { ParseCache } from "../render/parse-cache.js";
import type { ParseFiles } from "../render/parser.js";
import type { ParserThread } from "../render/parser-thread.js";
import { PlainRenderer } from "../render/plain.js";
import { RenderProgram } from "../render/programs.js";
import { SourceRenderer } from "../render/render.js";
import { DiskResults, NO_RESULTS } from "../render/result-store.js";
import { renderObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import type { OperatorParts } from "./operator-parts.js";

/** Memory limit of one rendering process: several times the needs of large public sources. */
const MEMORY_BYTES = 1024 * 2 ** 20;
/** Maximum number of concurrent rendering processes. */
const MAX_CONCURRENT = 4;

/** Creates all renderers and the cache of their results. */
export function sourceRenderer({
  clock,
  config,
  cluster,
  metrics,
  parser,
}: OperatorParts & { readonly parser: ParserThread }): SourceRenderer {
  const limits: RenderLimits = { ...DEFAULT_RENDER_LIMITS, ...config.limits };
  const parse: ParseFiles = (files, bounds) => parser.parse(files, bounds);
  const { kubectl, helm, timeoutMs, cacheBytes } = config.render;
  const programs = new ConfinedPrograms({
    clock,
    limits: {
      timeoutMs,
      memoryBytes: MEMORY_BYTES,
      maxOutputBytes: limits.maxTotalBytes,
      atOnce: Math.min(MAX_CONCURRENT, availableParallelism()),
    },
    confinement: findConfinement,
  });
  const folder = join(config.cacheDir, "renders");
  const results = new DiskResults({ folder, secret: cluster.digestKey, version: VERSION, maxBytes: cacheBytes, clock });
  return new SourceRenderer(
    [
      new PlainRenderer(new ParseCache({ parseElsewhere: parse })),
      new KustomizeRenderer(new RenderProgram({ name: "kubectl", path: kubectl, programs }), parse),
      new HelmRenderer({
        program: new RenderProgram({ name: "helm", path: helm, programs }),
        parseElsewhere: parse,
        digestKey: cluster.digestKey,
      }),
    ],
    { limits, results: cacheBytes === 0 ? NO_RESULTS : results, observer: renderObserver(metrics) },
  );
}
