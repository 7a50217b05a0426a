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

/** Returns a hash of what can be edited on a container without creating it again: limits, restart policy, name, networks. */
export function configurationHash(container: Container): string {
  const networks = Object.keys(container.NetworkSettings?.Networks ?? {}).sort();
  return sha256(canonicalJson([nameOf(container), container.Config, container.HostConfig, networks]), 32);
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
