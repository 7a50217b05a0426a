import { isRecord } from "../../../manifest/shape.js";
import type { Reporter } from "../reporter.js";
import type { ServiceFacts } from "./check.js";
import { repeatLimits } from "./consistency.js";
import { resolveEnvironment } from "./environment.js";
import { type Limits, withLimits } from "./limits.js";
import { normalizePort } from "./ports.js";
import type { Mapping } from "./shape.js";

/** Inputs of `finishCompose`. */
export interface Finish {
  readonly facts: ReadonlyMap<string, ServiceFacts>;
  /** Returns the escaped value of a variable; see `resolveEnvironment`. */
  readonly fill: (name: string) => string | undefined;
  /** Returns the limits of a service that sets none itself. */
  readonly limitsOf: (service: string) => Limits;
}

/**
 * Completes a validated document for a Core: removes keys without effect (`version`, `name`, `build` beside `image`) and adds passed-through
 * variables, undefined volumes and limits. Each change is reported as a note or a problem.
 */
export function finishCompose(compose: Mapping, { facts, fill, limitsOf }: Finish, report: Reporter): Mapping {
  const services = Object.entries(isRecord(compose.services) ? compose.services : {}).map(([name, service]) => {
    const at = report.at("services", name);
    return [name, isRecord(service) ? finishService(service, limitsOf(name), fill, at) : service] as const;
  });
  const { version: _, name: __, ...rest } = compose;
  const finished: Mapping = { ...rest, services: Object.fromEntries(services) };
  const volumes = missingVolumes(compose, facts, report);
  if (volumes.length === 0) return finished;
  const defined = isRecord(compose.volumes) ? compose.volumes : {};
  return { ...finished, volumes: { ...defined, ...Object.fromEntries(volumes.map((name) => [name, {}])) } };
}

const COMMANDS = ["command", "entrypoint"];

function finishService(service: Mapping, limits: Limits, fill: Finish["fill"], report: Reporter): Mapping {
  const { build, ...others } = service;
  const rest: Mapping = build === undefined || typeof others.image === "string" ? others : service;
  const settled: Mapping = {
    ...rest,
    ...Object.fromEntries(COMMANDS.filter((key) => key in rest).map((key) => [key, asWords(rest[key])])),
    ...(Array.isArray(rest.ports) ? { ports: rest.ports.map(normalizePort) } : {}),
    ...(rest.environment === undefined
      ? {}
      : { environment: resolveEnvironment(rest.environment, fill, report.at("environment")) }),
  };
  return repeatLimits(withLimits(settled, limits));
}

/** Converts numbers in a command to strings, because Compose accepts only strings there. */
function asWords(command: unknown): unknown {
  if (!Array.isArray(command)) return command;
  return command.map((word: unknown) =>
    typeof word === "number" ? numberText(word) : typeof word === "boolean" ? String(word) : word,
  );
}

/** Formats a number as Go does: `1e-07`, `1.2345675e+06`. */
function numberText(value: number): string {
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (Number.isInteger(value) || (exponent >= -4 && exponent < 6)) return String(value);
  return value.toExponential().replace(/e([-+])([0-9])$/, "e$10$2");
}

function missingVolumes(compose: Mapping, facts: ReadonlyMap<string, ServiceFacts>, report: Reporter): string[] {
  const defined = new Set(Object.keys(isRecord(compose.volumes) ? compose.volumes : {}));
  const missing: string[] = [];
  for (const [service, { mounts }] of facts) {
    for (const { type, source, index } of mounts) {
      if (type !== "volume" || source === undefined || defined.has(source)) continue;
      defined.add(source);
      missing.push(source);
      const at = report.at("services", service, "volumes", index);
      at.note(`the volume ${source} is not defined in top-level volumes; it is added`);
    }
  }
  return missing;
}
