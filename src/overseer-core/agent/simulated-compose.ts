import { ProblemError } from "../../http/problem.js";
import { isMapping, readCompose, secretNames } from "../operations/compose.js";
import { RunError } from "./runner.js";

/** A service to simulate. */
export interface SimulatedService {
  readonly image: string;
  /** Definition in the document as text, with unresolved references to secrets. */
  readonly text: string;
  /** Start duration in seconds. */
  readonly seconds: number;
  /** Number of secrets that the definition refers to. */
  readonly usedSecrets: number;
}

/** Services and volumes of a document. */
export interface Simulation {
  readonly services: ReadonlyMap<string, SimulatedService>;
  /** Names of the volumes declared at the top level, or used without a declaration. */
  readonly volumes: readonly string[];
}

/** Maximum start duration in seconds. */
const MAX_SECONDS = 3600;
/** Maximum size of the text of one service, since YAML aliases can expand a small document. */
const MAX_TEXT = 4 * 1024 * 1024;

/** Parses a document. Throws RunError if it is invalid or refers to a missing secret. */
export function readSimulation(compose: string, secrets: ReadonlyMap<string, string>): Simulation {
  const missing = secretNames(compose).filter((name) => !secrets.has(name));
  if (missing.length > 0) {
    throw new RunError(`secret ${missing.join(", ")} not found for this app: create it in the Core, then deploy again`);
  }
  const document = read(compose);
  const services = new Map<string, SimulatedService>();
  const used = new Set<string>(isMapping(document.volumes) ? Object.keys(document.volumes) : []);
  for (const [name, service] of Object.entries(document.services)) {
    if (!isMapping(service)) throw new RunError(`service ${name} is not a mapping`);
    const image = typeof service.image === "string" ? service.image : undefined;
    if (image === undefined)
      throw new RunError(`service ${name} has no image: set one, since the simulated runner cannot build images`);
    const text = textOf(name, service);
    services.set(name, { image, text, seconds: secondsOf(service.labels), usedSecrets: secretNames(text).length });
    for (const volume of namedVolumes(service.volumes)) used.add(volume);
  }
  return { services, volumes: [...used].sort() };
}

function read(compose: string): ReturnType<typeof readCompose> {
  try {
    return readCompose(compose);
  } catch (error) {
    if (error instanceof ProblemError) throw new RunError(error.message);
    throw error;
  }
}

function textOf(name: string, service: object): string {
  let left = MAX_TEXT;
  const text = JSON.stringify(service, (key, value: unknown) => {
    left -= key.length + (typeof value === "string" ? value.length : 8);
    if (left < 0) throw new RunError(`service ${name} is too large`);
    return value;
  });
  return text;
}

/** Returns the label `overseer.simulated.seconds`, from a mapping or a list of `name=value`. */
function secondsOf(labels: unknown): number {
  const key = "overseer.simulated.seconds";
  const listed = Array.isArray(labels)
    ? labels.find((label) => typeof label === "string" && label.startsWith(`${key}=`))
    : undefined;
  const value = isMapping(labels) ? labels[key] : typeof listed === "string" ? listed.slice(key.length + 1) : undefined;
  const seconds = Number(value ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, MAX_SECONDS) : 0;
}

/** Returns the named volumes, without bind mounts and anonymous volumes. */
function namedVolumes(volumes: unknown): string[] {
  if (!Array.isArray(volumes)) return [];
  return volumes.flatMap((volume: unknown) => {
    if (typeof volume === "string") {
      const [source = "", target] = volume.split(":");
      return target !== undefined && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(source) ? [source] : [];
    }
    if (!isMapping(volume) || typeof volume.source !== "string") return [];
    return volume.type === undefined || volume.type === "volume" ? [volume.source] : [];
  });
}
