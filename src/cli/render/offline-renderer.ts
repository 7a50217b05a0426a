import { delimiter } from "node:path";
import { systemClock } from "../../base/clock.js";
import { HostRules } from "../../base/host-rules.js";
import { ConfinedPrograms, type ProgramLimits } from "../../child/confined-programs.js";
import { findConfinement } from "../../child/confinement.js";
import { readProxies } from "../../config/proxy.js";
import { ChartRegistry } from "../../render/helm/registry/chart-registry.js";
import { DEFAULT_RENDER_LIMITS } from "../../render/limits.js";
import { parseFile } from "../../render/parser.js";
import { RenderProgram } from "../../render/programs.js";
import type { SourceRenderer } from "../../render/render.js";
import { allRenderers } from "../../render/renderers.js";

/** Memory limit of kubectl and helm. */
const MEMORY_BYTES = 1024 * 2 ** 20;

/** Programs that render, and their time limit in seconds. */
export interface OfflineRendererOptions {
  readonly kubectl?: string;
  readonly helm?: string;
  readonly timeout: number;
}

/** Creates the operator's renderers, with the limits that are its defaults. Files are parsed in this thread. */
export function offlineRenderer({ kubectl, helm, timeout }: OfflineRendererOptions): SourceRenderer {
  const limits: ProgramLimits = {
    timeoutMs: timeout * 1000,
    memoryBytes: MEMORY_BYTES,
    maxOutputBytes: DEFAULT_RENDER_LIMITS.maxTotalBytes,
    atOnce: 1,
  };
  const options = { clock: systemClock, limits, confinement: findConfinement };
  const programs = new ConfinedPrograms(options);
  const places = (process.env.PATH ?? "").split(delimiter).filter((place) => place.startsWith("/"));
  const program = (name: "kubectl" | "helm", path: string | undefined): RenderProgram =>
    new RenderProgram({ name, path, programs, places });
  return allRenderers({
    parseElsewhere: async (files, bounds) => files.map((file) => parseFile(file, bounds)),
    kubectl: program("kubectl", kubectl),
    helm: program("helm", helm),
    charts: new ChartRegistry({
      helm: new RenderProgram({
        name: "helm",
        path: helm,
        programs: new ConfinedPrograms({ ...options, network: true }),
        places,
        env: readProxies(process.env).rules.environment(),
      }),
      cache: undefined,
      hosts: new HostRules(undefined),
      digestKey: "",
    }),
    digestKey: "",
  });
}
