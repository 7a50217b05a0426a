import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ConfinedPrograms } from "../child/confined-programs.js";
import { type Confinement, findConfinement } from "../child/confinement.js";
import { DiskCache } from "../render/disk-cache.js";
import { ChartRegistry } from "../render/helm/registry/chart-registry.js";
import { DEFAULT_RENDER_LIMITS, type RenderLimits } from "../render/limits.js";
import type { ParserThread } from "../render/parser-thread.js";
import { RenderProgram } from "../render/programs.js";
import type { SourceRenderer } from "../render/render.js";
import { allRenderers } from "../render/renderers.js";
import { DiskResults, NO_RESULTS } from "../render/result-store.js";
import { makeWorkspaceFolder, removeStaleWorkspaces } from "../render/workspace-folder.js";
import { SopsProgram } from "../secrets/sops/sops-program.js";
import { renderObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import type { OperatorParts } from "./operator-parts.js";

const MIB = 2 ** 20;
/** Bounds of the memory limit of one rendering process. Large public sources need less than the lower one. */
const MIN_MEMORY = 128 * MIB;
const MAX_MEMORY = 1024 * MIB;
/** Maximum number of concurrent rendering processes. */
const MAX_CONCURRENT = 4;

/** Maximum number of charts that are pulled at once, and of keys that services decrypt. */
const REQUESTS_AT_ONCE = 2;

const NOT_SEPARATED =
  "kubectl, helm and sops are not separated from the network and from one another, because unshare is not permitted here: permit it by the seccomp profile of the pod";

/**
 * Memory limit and number of concurrent rendering processes. Together they use at most half of the memory limit of the
 * container (`constrained`): the kernel kills the whole container when that limit is exceeded.
 */
export function childLimits(constrained: number, processors: number): { memoryBytes: number; atOnce: number } {
  const memoryBytes = Math.floor(Math.min(MAX_MEMORY, Math.max(MIN_MEMORY, constrained / 4)));
  const fitting = Math.floor(constrained / 2 / memoryBytes);
  return { memoryBytes, atOnce: Math.max(1, Math.min(MAX_CONCURRENT, processors, fitting)) };
}

/** Creates all renderers and the cache of their results. */
export function sourceRenderer({
  clock,
  config,
  cluster,
  logger,
  metrics,
  parser,
}: OperatorParts & { readonly parser: ParserThread }): SourceRenderer {
  const limits: RenderLimits = { ...DEFAULT_RENDER_LIMITS, ...config.limits };
  const { kubectl, helm, sops, timeoutMs, cacheBytes } = config.render;
  let found: Promise<Confinement> | undefined;
  const confinement = () => {
    found ??= findConfinement().then((all) => {
      if (all.withoutNetwork === undefined) logger.warn(NOT_SEPARATED);
      return all;
    });
    return found;
  };
  const programs = new ConfinedPrograms({
    clock,
    limits: {
      timeoutMs,
      maxOutputBytes: limits.maxTotalBytes,
      ...childLimits(process.constrainedMemory() || Number.POSITIVE_INFINITY, availableParallelism()),
    },
    confinement,
  });
  const { digestKey } = cluster;
  void removeStaleWorkspaces();
  const cache = { secret: digestKey, version: VERSION, maxBytes: cacheBytes, clock };
  const results = new DiskResults({ ...cache, folder: join(config.cacheDir, "renders") });
  const online = () =>
    new ConfinedPrograms({
      clock,
      limits: { ...programs.limits, atOnce: REQUESTS_AT_ONCE },
      confinement,
      network: true,
    });
  const proxies = config.proxies.environment();
  const charts = new ChartRegistry({
    helm: new RenderProgram({ name: "helm", path: helm, programs: online(), env: proxies }),
    cache:
      cacheBytes === 0
        ? undefined
        : new DiskCache({ ...cache, folder: join(config.cacheDir, "charts"), version: "1", purpose: "charts" }),
    hosts: config.allowedChartHosts,
    digestKey,
  });
  return allRenderers(
    {
      parseElsewhere: (files, bounds) => parser.parse(files, bounds),
      kubectl: new RenderProgram({ name: "kubectl", path: kubectl, programs }),
      helm: new RenderProgram({ name: "helm", path: helm, programs }),
      charts,
      digestKey,
    },
    {
      limits,
      sops: new SopsProgram({
        path: sops,
        offline: programs,
        online: online(),
        env: proxies,
        makeFolder: async () => (await makeWorkspaceFolder({ bytes: 0, secret: true })).path,
      }),
      refusesPlaintextSecrets: config.render.refusesPlaintextSecrets,
      results: cacheBytes === 0 ? NO_RESULTS : results,
      observer: renderObserver(metrics),
    },
  );
}
