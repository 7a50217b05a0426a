import type { LiveObject } from "./api.js";
import { APPS_NAMESPACE, configMapsPath, type Environment } from "./environment.js";
import { Watch } from "./watch.js";

interface Known {
  /** resourceVersion; of one etcd, so a number that grows. */
  readonly version: number;
  readonly data: Readonly<Record<string, string>>;
}

/** What must have come about before a wait ends. */
export interface Awaited {
  readonly field: string;
  readonly value: string;
  /** Only a state newer than this resourceVersion counts. */
  readonly after?: string;
}

/** The data of all ConfigMaps of the apps, as a watch shows them. */
export class LiveData {
  readonly #known: ReadonlyMap<string, Known>;
  readonly #watch: Watch;

  private constructor(known: ReadonlyMap<string, Known>, watch: Watch) {
    this.#known = known;
    this.#watch = watch;
  }

  /** Begins to follow, and returns when at least `objects` of them are known. */
  static async follow(environment: Environment, objects: number): Promise<LiveData> {
    const known = new Map<string, Known>();
    const watch = await Watch.open<LiveObject>(environment.api, configMapsPath(APPS_NAMESPACE), ({ type, object }) => {
      const { name, resourceVersion } = object.metadata;
      if (type === "DELETED") known.delete(name);
      else known.set(name, { version: Number(resourceVersion), data: object.data as Known["data"] });
    });
    await watch.until("the bench knows all objects", () => known.size >= objects);
    return new LiveData(known, watch);
  }

  /** Waits until a field of an object has a value; gives the time when that was seen, as of `performance.now`. */
  async until(name: string, { field, value, after = "0" }: Awaited): Promise<number> {
    let seenAt: number | undefined;
    await this.#watch.until(`${name}: ${field} is ${value}`, () => {
      const known = this.#known.get(name);
      if (known?.data[field] !== value || known.version <= Number(after)) return false;
      seenAt ??= performance.now();
      return true;
    });
    return seenAt ?? performance.now();
  }

  close(): void {
    this.#watch.close();
  }
}
