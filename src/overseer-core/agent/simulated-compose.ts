import { Fault } from "../fault.js";
import { isMapping, readCompose, secretNames } from "../operations/compose.js";
import { RunError } from "./runner.js";

/** What a simulated start needs to know of a service. */
export interface SimulatedService {
  readonly image: string;
  /** Its part of the document as text, with references in the place of values. */
  readonly text: string;
  /** Time in seconds that its start takes. */
  readonly seconds: number;
  /** Secrets that its part refers to. */
  readonly usedSecrets: number;
}

/** What a document asks for. */
export interface Simulation {
  readonly services: ReadonlyMap<string, SimulatedService>;
  /** Names of the volumes that are declared at the top of the document, or used and not declared. */
  readonly volumes: readonly string[];
}

/** The longest time in seconds that a start takes, whatever the label says. */
const MAX_SECONDS = 3600;
/** Largest text of one service: aliases can make much of little. */
const MAX_TEXT = 4 * 1024 * 1024;

/** Reads a document. Throws RunError for one that cannot be run, or that refers to a secret that is not there. */
export function readSimulation(compose: string, secrets: ReadonlyMap<string, string>): Simulation {
  const missing = secretNames(compose).filter((name) => !secrets.has(name));
  if (missing.length > 0) {
    throw new RunError(`there is no secret ${missing.join(", ")} for this app: make it in the Core, then deploy again`);
  }
  const document = read(compose);
  const services = new Map<string, SimulatedService>();
  const used = new Set<string>(isMapping(document.volumes) ? Object.keys(document.volumes) : []);
  for (const [name, service] of Object.entries(document.services)) {
    if (!isMapping(service)) throw new RunError(`service ${name} is no mapping`);
    const image = typeof service.image === "string" ? service.image : undefined;
    if (image === undefined) throw new RunError(`service ${name} has no image: the simulated runner builds none`);
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
    if (error instanceof Fault) throw new RunError(error.message);
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

/** `overseer.simulated.seconds`, from labels as a mapping or as a list of `name=value`. */
function secondsOf(labels: unknown): number {
  const key = "overseer.simulated.seconds";
  const listed = Array.isArray(labels)
    ? labels.find((label) => typeof label === "string" && label.startsWith(`${key}=`))
    : undefined;
  const value = isMapping(labels) ? labels[key] : typeof listed === "string" ? listed.slice(key.length + 1) : undefined;
  const seconds = Number(value ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, MAX_SECONDS) : 0;
}

/** Volumes that are named: neither paths of the node nor anonymous. */
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
