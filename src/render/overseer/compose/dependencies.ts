import { isRecord } from "../../../manifest/shape.js";
import { closest } from "../../closest.js";
import type { Reporter } from "../reporter.js";
import { type Mapping, namesIn } from "./shape.js";

/** Validates `depends_on` of all services: the dependencies exist and there is no cycle. */
export function checkDependencies(services: ReadonlyMap<string, Mapping>, report: Reporter): void {
  const edges = new Map<string, string[]>();
  for (const [name, service] of services) {
    const at = report.at(name, "depends_on");
    const { depends_on: written } = service;
    edges.set(name, [...checkOne(written, services, runs(service), at), ...impliedBy(service, services)]);
  }
  const circle = findCircle(edges);
  if (circle !== undefined) {
    report.at(circle[0] ?? "", "depends_on").problem(`dependency cycle: ${circle.join(" → ")}`);
  }
}

/** Validates the dependencies of one service and returns the existing ones. */
function checkOne(
  written: unknown,
  services: ReadonlyMap<string, Mapping>,
  isActive: boolean,
  report: Reporter,
): string[] {
  return namesIn(written).flatMap(({ name, step }) => {
    const options: unknown = isRecord(written) ? written[name] : undefined;
    const at = report.at(step);
    const other = services.get(name);
    const required = !isRecord(options) || !/^(?:false|no|off|n)$/i.test(String(options.required));
    if (other === undefined && required) at.problem(() => noService(name, [...services.keys()]));
    if (other !== undefined && !runs(other) && isActive && required) at.problem(doesNotRun(name));
    return other === undefined ? [] : [name];
  });
}

/** Implicit dependencies of a service: links, shared volumes and shared namespaces. */
function impliedBy(service: Mapping, services: ReadonlyMap<string, Mapping>): string[] {
  const lists = [service.links, service.volumes_from].flatMap((value) => (Array.isArray(value) ? value : []));
  const shared = [service.network_mode, service.pid, service.ipc].flatMap((value) => {
    const [, name] = /^service:(.*)$/.exec(String(value)) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...lists.map((item) => String(item).split(":", 1)[0] ?? ""), ...shared].filter((name) => services.has(name));
}

/** Reports whether a service runs. Services with profiles do not, unless one is active: see `activateProfiles`. */
export function runs({ profiles }: Mapping): boolean {
  return !Array.isArray(profiles) || profiles.length === 0;
}

/** Message for a required service that does not run. */
export function doesNotRun(name: string): string {
  return `the service ${name} does not run, because none of its profiles is active: add one to spec.profiles of the App`;
}

/** Message for a service that does not exist. */
export function noService(name: string, services: readonly string[]): string {
  const near = closest(name, services);
  const hint = near === undefined ? `; there is ${services.slice(0, 10).join(", ")}` : `; did you mean ${near}?`;
  return `there is no service ${JSON.stringify(name.slice(0, 100))}${hint}`;
}

/** Returns the services of a dependency cycle, with the first one repeated at the end. */
function findCircle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const start of edges.keys()) {
    // Iterative depth-first search: recursion would overflow the stack for very long chains.
    const trail: { readonly name: string; readonly next: string[] }[] = [];
    const positions = new Map<string, number>();
    const enter = (name: string): void => {
      positions.set(name, trail.length);
      trail.push({ name, next: [...(edges.get(name) ?? [])] });
    };
    if (!done.has(start)) enter(start);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const next = top.next.pop();
      if (next === undefined) {
        done.add(top.name);
        positions.delete(top.name);
        trail.pop();
        continue;
      }
      const first = positions.get(next);
      if (first !== undefined) return [...trail.slice(first).map(({ name }) => name), next];
      if (!done.has(next)) enter(next);
    }
  }
  return undefined;
}
