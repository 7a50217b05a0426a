import { type ObjectKey, objectKey } from "../../../src/manifest/object-id.js";
import { SeededRandom } from "../../soak/random.js";
import { Heart, KilledError } from "../../unit/controllers/support/heart.js";
import { FaultInjector, type FaultKind } from "./fault-injector.js";

const APPS = ["web", "db", "jobs"] as const;
const OPERATIONS = 16;
/** Reconciles of each app with faults, after each operation. */
const ROUNDS = 4;
/** Time until everything must be as in Git once nothing fails any more, in milliseconds of the clock of the episode. */
const SETTLE_MS = 3_600_000;

/** What became of one episode. */
export interface EpisodeResult {
  readonly fired: ReadonlyMap<FaultKind, number>;
  readonly operations: number;
  readonly problems: readonly string[];
}

/** Runs random operations with random faults, then compares what is live with Git. The same seed gives the same episode. */
export async function runEpisode(seed: number): Promise<EpisodeResult> {
  const episode = new Episode(seed);
  const problems = await episode
    .run()
    .catch((error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)]);
  return { fired: episode.faults.fired, operations: OPERATIONS, problems };
}

const configMap = (name: string, namespace = "shop"): ObjectKey =>
  objectKey({ group: "", kind: "ConfigMap", namespace, name });

class Episode {
  readonly heart = new Heart();
  readonly faults: FaultInjector;
  readonly #random: SeededRandom;
  /** Files in Git: the value and wave of each object, by app and name. */
  readonly #git = new Map<string, { readonly app: string; readonly value: number; readonly wave: number }>();
  readonly #strangers = new Map<ObjectKey, number>();
  #next = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    for (let skip = 0; skip < 5; skip++) this.#random.next();
    this.faults = new FaultInjector(this.heart, this.#random);
  }

  async run(): Promise<readonly string[]> {
    for (const app of APPS) {
      for (let count = 0; count < 3; count++) this.#add(app);
      this.heart.apply(app, { source: { repositoryRef: { name: "repo" }, path: app }, sync: { pruneBudget: "100%" } });
    }
    this.#commit();
    this.#start();
    for (let count = 0; count < OPERATIONS; count++) {
      this.#operate();
      for (let armed = 1 + this.#random.int(5); armed > 0; armed--) this.faults.arm();
      for (let round = 0; round < ROUNDS; round++) for (const app of APPS) await this.#reconcile(app);
    }
    this.faults.disarm();
    this.heart.start();
    await this.#settle();
    const problems = this.#compare();
    const writes = this.heart.destination.log.length;
    this.heart.start();
    await this.#settle();
    const later = this.heart.destination.log.slice(writes);
    if (later.length > 0) problems.push(`a restart writes: ${later.join(", ")}`);
    return [...problems, ...(problems.length > 0 ? [] : this.#compare())];
  }

  #start(): void {
    this.heart.start(this.faults.failpoint);
  }

  /** Reconciles as the controller does: an error is retried later, and a process that is gone is started again. */
  async #reconcile(app: string): Promise<void> {
    try {
      const due = await this.heart.reconcile(app);
      this.heart.clock.advance(Math.min(due ?? 1_000, this.#random.int(20_000)));
    } catch (error) {
      if (error instanceof KilledError) this.#start();
      else if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
        throw error;
      this.heart.clock.advance(1_000);
    }
  }

  async #settle(): Promise<void> {
    await this.heart.settle(APPS, SETTLE_MS);
  }

  #operate(): void {
    const { destination } = this.heart;
    const names = [...this.#git.keys()];
    const name = this.#random.pick(names);
    const entry = this.#git.get(name);
    if (entry === undefined) return;
    switch (this.#random.int(8)) {
      case 0:
        this.#add(this.#random.pick(APPS));
        break;
      case 1:
        // Each app keeps an object, since a source without documents is another matter.
        if ([...this.#git.values()].filter(({ app }) => app === entry.app).length > 1) this.#git.delete(name);
        break;
      case 2:
        if ([...this.#git.values()].filter(({ app }) => app === entry.app).length > 1)
          this.#git.set(name, { ...entry, app: this.#random.pick(APPS) });
        break;
      case 3:
        if (destination.objects.has(configMap(name))) {
          const { object } = destination.objects.get(configMap(name)) ?? {};
          if (object !== undefined)
            destination.edit(configMap(name), { object: { ...object, data: { v: "by hand" } } });
        }
        break;
      case 4:
        destination.objects.delete(configMap(name));
        break;
      case 5:
        this.#addStranger();
        break;
      default:
        this.#git.set(name, { ...entry, value: ++this.#next, wave: this.#random.int(3) });
    }
    this.#commit();
  }

  #add(app: string): void {
    this.#git.set(`m${++this.#next}`, { app, value: this.#next, wave: 0 });
  }

  /** An object of nobody, or of an app that this process does not run. */
  #addStranger(): void {
    const { destination } = this.heart;
    const name = `stranger-${++this.#next}`;
    const id = { group: "", version: "v1", kind: "ConfigMap", namespace: "shop", name };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data: { v: "x" } };
    const owner = this.#random.int(2) === 0 ? undefined : "shop/elsewhere";
    const state = {
      uid: name,
      version: 0,
      hash: undefined,
      drifted: false,
      paused: false,
      health: { status: "Healthy" } as const,
    };
    destination.objects.set(configMap(name), { id, object, owner, ...state });
    destination.edit(configMap(name), { owner });
    this.#strangers.set(configMap(name), destination.objects.get(configMap(name))?.version ?? 0);
  }

  #commit(): void {
    const files = [...this.#git].map(([name, { app, value, wave }]) => [
      `${app}/${name}.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, annotations: { gitops.overseer.io/wave: "${wave}" } }\ndata: { v: "${value}" }\n`,
    ]);
    this.heart.commit(Object.fromEntries(files) as Record<string, string>);
  }

  #compare(): string[] {
    const problems: string[] = [];
    const { objects } = this.heart.destination;
    for (const [name, { app, value }] of this.#git) {
      const live = objects.get(configMap(name));
      const data = JSON.stringify(live?.object.data);
      if (live === undefined) problems.push(`${name} is missing`);
      else if (data !== JSON.stringify({ v: String(value) })) problems.push(`${name} is ${data}, in Git ${value}`);
      else if (live.owner !== `shop/${app}`) problems.push(`${name} belongs to ${live.owner}, in Git to ${app}`);
    }
    for (const [key, { owner, version }] of objects) {
      const stranger = this.#strangers.get(key);
      if (stranger !== undefined && stranger !== version) problems.push(`${key}, which is foreign, was written`);
      if (stranger === undefined && owner !== undefined && !this.#git.has(key.split("/").at(-1) ?? ""))
        problems.push(`${key} is left over`);
    }
    for (const key of this.#strangers.keys())
      if (!objects.has(key)) problems.push(`${key}, which is foreign, was deleted`);
    for (const app of APPS) {
      const ready = this.heart.conditions(app).find((one) => one.startsWith("Ready="));
      if (ready?.startsWith("Ready=True") !== true) problems.push(`${app} is ${ready}`);
    }
    return problems;
  }
}
