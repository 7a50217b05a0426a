import { systemClock } from "../../../../src/base/clock.js";
import { HostRules } from "../../../../src/base/host-rules.js";
import { ConfinedPrograms, type ProgramLimits } from "../../../../src/child/confined-programs.js";
import { type Confinement, findConfinement } from "../../../../src/child/confinement.js";
import type { DiskCache } from "../../../../src/render/disk-cache.js";
import { ChartRegistry } from "../../../../src/render/helm/registry/chart-registry.js";
import { parseFile } from "../../../../src/render/parser.js";
import { RenderProgram } from "../../../../src/render/programs.js";
import type { SourceRenderer, SourceRendererOptions } from "../../../../src/render/render.js";
import type { RenderObserver } from "../../../../src/render/render-observer.js";
import { allRenderers } from "../../../../src/render/renderers.js";
import { ensureCommandLineBinaries } from "../../../../tools/binaries.js";

const LIMITS: ProgramLimits = {
  timeoutMs: 60_000,
  memoryBytes: 1024 * 2 ** 20,
  maxOutputBytes: 64 * 2 ** 20,
  atOnce: 2,
};

/** Counts renders by their result. */
export class RenderCounts implements RenderObserver {
  readonly results: string[] = [];

  rendered(renderer: string, result: string): void {
    this.results.push(`${renderer} ${result}`);
  }
}

/** Options of `realRenderer`. */
export interface RealRendererOptions extends SourceRendererOptions {
  readonly programs?: Partial<ProgramLimits>;
  /** Neither kubectl nor Helm is there. */
  readonly missing?: boolean;
  /** As where the network of children cannot be taken away. */
  readonly confinement?: Confinement;
  /** Keeps charts of registries. Defaults to none. */
  readonly chartCache?: DiskCache | undefined;
  /** Hosts that charts may be pulled from. Defaults to all. */
  readonly chartHosts?: readonly string[];
}

/** All renderers with the real programs, or without where `missing`. */
export async function realRenderer(options: RealRendererOptions = {}): Promise<SourceRenderer> {
  const binaries = options.missing
    ? { kubectl: "/nowhere/kubectl", helm: "/nowhere/helm" }
    : await ensureCommandLineBinaries();
  const { confinement } = options;
  const confined = {
    clock: systemClock,
    limits: { ...LIMITS, ...options.programs },
    confinement: async () => confinement ?? findConfinement(),
  };
  const programs = new ConfinedPrograms(confined);
  const charts = new ChartRegistry({
    helm: new RenderProgram({
      name: "helm",
      path: binaries.helm,
      programs: new ConfinedPrograms({ ...confined, network: true }),
    }),
    cache: options.chartCache,
    hosts: new HostRules(options.chartHosts),
    digestKey: "key",
  });
  return allRenderers(
    {
      parseElsewhere: async (files, limits) => files.map((file) => parseFile(file, limits)),
      kubectl: new RenderProgram({ name: "kubectl", path: binaries.kubectl, programs }),
      helm: new RenderProgram({ name: "helm", path: binaries.helm, programs }),
      charts,
      digestKey: "key",
    },
    options,
  );
}
