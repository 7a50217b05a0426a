import type { ServiceModel } from "./model.js";
import { mappingOf, textOf } from "./values.js";

/**
 * Returns the wave of each service: after all services whose health or completion it waits for. `pods` are the services in the pod
 * of each service. `service_started` means no order: Compose orders only the start of processes, and Kubernetes restarts them.
 */
export function serviceWaves(
  services: ReadonlyMap<string, ServiceModel>,
  pods: ReadonlyMap<string, readonly ServiceModel[]>,
): ReadonlyMap<string, number> {
  const hostOf = new Map([...pods].flatMap(([host, members]) => members.map(({ name }) => [name, host] as const)));
  const awaited = new Map<string, readonly string[]>();
  for (const [host, members] of pods) {
    const names = members.flatMap((member) => awaitedBy(member)).map((name) => hostOf.get(name) ?? name);
    awaited.set(
      host,
      names.filter((name) => name !== host && services.has(name)),
    );
  }
  const waves = new Map<string, number>();
  // No cycles: they are refused before. The bound is for pods that wait for each other.
  for (let round = 0; round <= awaited.size; round++) {
    let changed = false;
    for (const [name, before] of awaited) {
      const wave = Math.max(0, ...before.map((other) => (waves.get(other) ?? 0) + 1));
      if (wave !== (waves.get(name) ?? 0)) changed = true;
      waves.set(name, wave);
    }
    if (!changed) break;
  }
  return waves;
}

/** Returns the services whose health or completion a service waits for. */
function awaitedBy({ service }: ServiceModel): string[] {
  return Object.entries(mappingOf(service.depends_on)).flatMap(([name, options]) =>
    textOf(mappingOf(options).condition) === "service_started" ? [] : [name],
  );
}

/** Returns the services that another service waits for, by condition. */
export function expectedOf(services: ReadonlyMap<string, ServiceModel>): {
  readonly completed: ReadonlySet<string>;
  readonly running: ReadonlySet<string>;
} {
  const completed = new Set<string>();
  const running = new Set<string>();
  for (const { service } of services.values()) {
    const written = service.depends_on;
    for (const name of Array.isArray(written) ? written.map(String) : []) running.add(name);
    for (const [name, options] of Object.entries(mappingOf(written))) {
      const condition = textOf(mappingOf(options).condition);
      (condition === "service_completed_successfully" ? completed : running).add(name);
    }
  }
  return { completed, running };
}
