import { isRecord } from "../../../manifest/shape.js";
import { closest } from "../../closest.js";
import type { Reporter } from "../reporter.js";
import { type Mapping, namesIn } from "./shape.js";

/** Checks `depends_on` of all services: what it names is there, and nothing waits for itself. */
export function checkDependencies(services: ReadonlyMap<string, Mapping>, report: Reporter): void {
  const edges = new Map<string, string[]>();
  for (const [name, service] of services) {
    const at = report.at(name, "depends_on");
    const { depends_on: written } = service;
    edges.set(name, [...checkOne(written, services, runs(service), at), ...impliedBy(service, services)]);
  }
  const circle = findCircle(edges);
  if (circle !== undefined) {
    report.at(circle[0] ?? "", "depends_on").problem(`the services wait for each other: ${circle.join(" → ")}`);
  }
}

/** The services that exist of those that one waits for. */
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

/** Services that Compose starts before this one, since it uses something of theirs. */
function impliedBy(service: Mapping, services: ReadonlyMap<string, Mapping>): string[] {
  const lists = [service.links, service.volumes_from].flatMap((value) => (Array.isArray(value) ? value : []));
  const shared = [service.network_mode, service.pid, service.ipc].flatMap((value) => {
    const [, name] = /^service:(.*)$/.exec(String(value)) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...lists.map((item) => String(item).split(":", 1)[0] ?? ""), ...shared].filter((name) => services.has(name));
}

/** Whether a service runs: those with profiles wait for somebody to turn one on, which on a node nobody does. */
export function runs({ profiles }: Mapping): boolean {
  return !Array.isArray(profiles) || profiles.length === 0;
}

/** What to say of a service that others need, and that does not run. */
export function doesNotRun(name: string): string {
  return `the service ${name} has profiles, and a node turns none on: it would not run`;
}

/** What to say of a service that does not exist. */
export function noService(name: string, services: readonly string[]): string {
  const near = closest(name, services);
  const hint = near === undefined ? `; there is ${services.slice(0, 10).join(", ")}` : `; did you mean ${near}?`;
  return `there is no service ${JSON.stringify(name.slice(0, 100))}${hint}`;
}

/** The names of a circle, the first one again at its end. */
function findCircle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const start of edges.keys()) {
    // Depth first with a list of its own: a chain of ten thousand services would be too deep to call.
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
