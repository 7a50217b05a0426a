import { join } from "node:path";
import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { pause } from "../pause.js";
import { readJson, writeJson } from "../private-file.js";
import type { DeployedRecords } from "./deployed-record.js";
import type { DockerEngine } from "./engine.js";
import { fullImageName } from "./image-names.js";

/** Interval of checks besides those after each deployment, in milliseconds. */
const CHECK_MS = 24 * 60 * 60_000;

/** An image that was deployed. */
interface DeployedImage {
  /** Names by which it was deployed. */
  readonly names: readonly string[];
  /** When a deployed app used it last, in milliseconds. */
  readonly lastUsed: number;
}

/** Options of the removal of images. */
export interface UnusedImagesOptions {
  readonly dataDir: string;
  readonly engine: DockerEngine;
  readonly records: DeployedRecords;
  /** Time in milliseconds that an unused image stays; undefined if all stay. */
  readonly keepMs: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Removes images that apps used and do not use any more. It never removes an image that was not deployed by this agent, that was not
 * pulled from a registry, or that a container uses, also a stopped one of another project.
 */
export class UnusedImages {
  readonly #options: UnusedImagesOptions;
  readonly #path: string;
  /** Calls of `keeping` in progress. */
  #keepers = 0;
  /** Fulfilled when no image is being removed. */
  #pruning: Promise<void> = Promise.resolve();

  constructor(options: UnusedImagesOptions) {
    this.#options = options;
    this.#path = join(options.dataDir, "images.json");
  }

  /** Checks once a day until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { keepMs, clock } = this.#options;
    this.note();
    while (keepMs !== undefined && !signal.aborted) {
      await pause(clock, CHECK_MS, signal).catch(() => {});
      if (!signal.aborted) await this.prune(signal);
    }
  }

  /** Runs work that finds images and starts containers of them. None is removed meanwhile. */
  async keeping<T>(work: () => Promise<T>): Promise<T> {
    this.#keepers++;
    try {
      await this.#pruning;
      return await work();
    } finally {
      this.#keepers--;
    }
  }

  /** Notes that the images of deployed apps are in use now. To be called before a record changes: it names what was in use until then. */
  note(): void {
    if (this.#options.keepMs !== undefined) this.#store(this.#noteUsed());
  }

  /**
   * Notes which images are in use, and removes those that were not for long enough. Removes nothing during `keeping`. Failures are logged:
   * the next call repeats it.
   */
  async prune(signal: AbortSignal): Promise<void> {
    const pruned = this.#pruning.then(() => this.#prune(signal));
    this.#pruning = pruned.catch(() => {});
    await pruned;
  }

  async #prune(signal: AbortSignal): Promise<void> {
    const { keepMs, clock, logger } = this.#options;
    if (keepMs === undefined) return;
    const known = this.#noteUsed();
    try {
      for (const [id, { names, lastUsed }] of known) {
        if (this.#keepers > 0) break;
        if (clock.now() - lastUsed < keepMs) continue;
        if (await this.#remove(id, names, signal)) known.delete(id);
      }
    } catch (error) {
      logger.warn("unused images cannot be removed", { error: messageOf(error) });
    }
    this.#store(known);
  }

  /** Stores what is known. Deployments do not fail if that fails: images are then removed earlier or later. */
  #store(known: ReadonlyMap<string, DeployedImage>): void {
    try {
      writeJson(this.#path, Object.fromEntries(known));
    } catch (error) {
      this.#options.logger.warn("the use of images cannot be stored", { error: messageOf(error) });
    }
  }

  #noteUsed(): Map<string, DeployedImage> {
    const { records, clock } = this.#options;
    const known = new Map(Object.entries(readJson<Record<string, DeployedImage>>(this.#path) ?? {}));
    for (const { image, imageName } of records.all().flatMap(({ containers }) => containers)) {
      const names = new Set([...(known.get(image)?.names ?? []), imageName]);
      known.set(image, { names: [...names], lastUsed: clock.now() });
    }
    return known;
  }

  /** Removes the names of an image, and it with the last one. Returns whether there is nothing left to do. */
  async #remove(id: string, names: readonly string[], signal: AbortSignal): Promise<boolean> {
    const { images } = this.#options.engine;
    const image = await images.find(id, signal);
    if (image === undefined || (image.RepoDigests ?? []).length === 0) return true;
    const tags = image.RepoTags ?? [];
    // It has another name on the node, which may be in use elsewhere.
    const own = new Set(names.map(fullImageName));
    if (tags.some((tag) => !own.has(fullImageName(tag)))) return true;
    for (const tag of tags) if (!(await images.remove(tag, signal))) return false;
    if ((await images.find(id, signal)) !== undefined && !(await images.remove(id, signal))) return false;
    this.#options.logger.info("removed an unused image", { image: names.join(", "), id });
    return true;
  }
}
