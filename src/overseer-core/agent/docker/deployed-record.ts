import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, sha256 } from "../../../base/hash.js";
import { readJson, writeJson } from "../private-file.js";
import { type Container, nameOf, serviceOf } from "./engine.js";

/** A container as it was deployed. */
export interface DeployedContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** Id of its image. */
  readonly image: string;
  /** Name of its image with its digest or ID, as people see it. Earlier versions did not record it. */
  readonly shownImage?: string;
  /** Name of its image in the document. */
  readonly imageName: string;
  /** Hash of its configuration. */
  readonly configuration: string;
  /** Whether it ran to completion. */
  readonly completed: boolean;
}

/** What was deployed last with success. It contains no document and no secret. */
export interface DeployedRecord {
  readonly app: string;
  readonly project: string;
  readonly version: number;
  /** Whether the document refers to secrets, which the log of a container may contain. */
  readonly secrets: boolean;
  /** Services with the number of their containers. */
  readonly services: readonly { readonly name: string; readonly containers: number }[];
  readonly containers: readonly DeployedContainer[];
}

/**
 * Describes a deployment. `images`: what people see of the image of each service. `pinned`: services that run the image of the last
 * deployment although its name stands for another one; they keep its name.
 */
export function recordOf(
  about: Pick<DeployedRecord, "app" | "project" | "version" | "secrets">,
  services: DeployedRecord["services"],
  containers: readonly Container[],
  images: ReadonlyMap<string, string>,
  pinned: ReadonlyMap<string, DeployedContainer>,
): DeployedRecord {
  return {
    ...about,
    services: services.map(({ name, containers: count }) => ({ name, containers: count })),
    containers: containers.map((one) => {
      const service = serviceOf(one);
      const imageName = pinned.get(service)?.imageName ?? one.Config.Image;
      return { ...deployedContainer(one), imageName, shownImage: images.get(service) ?? one.Config.Image };
    }),
  };
}

/** Describes a container as it is deployed now. */
export function deployedContainer(container: Container): DeployedContainer {
  return {
    id: container.Id,
    name: nameOf(container),
    service: serviceOf(container),
    image: container.Image,
    imageName: container.Config.Image,
    configuration: configurationHash(container),
    completed: container.State.Status === "exited",
  };
}

/**
 * Returns a hash of what can be edited on a container without creating it again: limits, restart policy, name, networks. Values that mean
 * "not set" are omitted, because the engine describes them in several ways: it shows `Dns: null` until it restarts, and `Dns: []` then.
 */
export function configurationHash(container: Container): string {
  return hashOf(container, withoutUnset);
}

/** Whether a container still has the configuration of a record. Earlier versions hashed values that are not set, too. */
export function hasConfiguration(container: Container, recorded: string): boolean {
  return recorded === configurationHash(container) || recorded === hashOf(container, (value) => value);
}

function hashOf(container: Container, form: (value: unknown) => unknown): string {
  const networks = Object.keys(container.NetworkSettings?.Networks ?? {}).sort();
  const parts = [nameOf(container), form(container.Config), form(container.HostConfig), networks];
  return sha256(canonicalJson(parts), 32);
}

/** Removes the keys of an object whose values are null, false, 0 or empty, at all levels. */
function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).map(([key, child]) => [key, withoutUnset(child)] as const);
  return Object.fromEntries(kept.filter(([, child]) => !isUnset(child)));
}

function isUnset(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return !value;
}

/** Stores one record per project in a directory. */
export class DeployedRecords {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "docker");
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  all(): DeployedRecord[] {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith(".json"));
    return names.flatMap((name) => readJson<DeployedRecord>(join(this.#folder, name)) ?? []);
  }

  find(project: string): DeployedRecord | undefined {
    return readJson(this.#pathOf(project));
  }

  write(record: DeployedRecord): void {
    writeJson(this.#pathOf(record.project), record);
  }

  remove(project: string): void {
    rmSync(this.#pathOf(project), { force: true });
  }

  #pathOf(project: string): string {
    return join(this.#folder, `${project}.json`);
  }
}
