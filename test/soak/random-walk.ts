import type { RawObject } from "../../src/kube/object.js";
import { type ControlPlane, startControlPlane } from "../../tools/control-plane.js";
import type { GitRepo } from "../support/git-server.js";
import { condition, type LiveApp, World } from "../support/world.js";
import { fileOf, holds, KINDS, Model } from "./model.js";
import { SeededRandom } from "./random.js";

const APPS = 8;
const OBJECTS_PER_APP = 5;

/** What a walk was made of, and what became of it. */
export interface WalkResult {
  readonly seed: number;
  /** How often each thing was done. */
  readonly steps: Readonly<Record<string, number>>;
  /** Seconds from the last disturbance until live was as in Git. */
  readonly settledSeconds: number;
  /** What is not as it should be at the end. */
  readonly wrong: readonly string[];
}

/**
 * Walks at random: commits, objects that move between apps, edits and deletions by hand, copies that inherit our labels, killed
 * operators, an API server that goes away, a Git server that fails. In the end live has to be exactly as in Git.
 */
export class RandomWalk {
  readonly #random: SeededRandom;
  readonly #seed: number;
  readonly #world: World;
  readonly #controlPlane: ControlPlane;
  readonly #repo: GitRepo;
  readonly #model: Model;
  readonly #copies = new Map<string, string>();
  readonly #steps: Record<string, number> = {};

  private constructor(
    seed: number,
    random: SeededRandom,
    world: World,
    plane: ControlPlane,
    repo: GitRepo,
    model: Model,
  ) {
    this.#seed = seed;
    this.#random = random;
    this.#world = world;
    this.#controlPlane = plane;
    this.#repo = repo;
    this.#model = model;
  }

  /** Starts a control plane, an operator and some apps. */
  static async start(seed: number): Promise<RandomWalk> {
    const random = new SeededRandom(seed);
    const controlPlane = await startControlPlane();
    const world = await World.create("walk", { controlPlane, operator: { flags: ["--leader-election=false"] } });
    const model = new Model(world.namespace, random);
    const files: Record<string, string> = {};
    for (let app = 0; app < APPS; app++)
      for (let count = 0; count < OBJECTS_PER_APP; count++) {
        const entry = model.add(app);
        files[fileOf(entry)] = JSON.stringify(entry.object);
      }
    const repo = await world.repository("walk", files, { interval: "2s" });
    const sync = { pruneBudget: "100%", allowEmpty: true, retry: { base: "500ms", max: "5s" } };
    for (let app = 0; app < APPS; app++) await world.app(`a${app}`, "walk", `apps/a${app}`, { sync });
    for (let app = 0; app < APPS; app++) await world.synced(`a${app}`, undefined, 60_000);
    return new RandomWalk(seed, random, world, controlPlane, repo, model);
  }

  /** Walks for so many milliseconds, then waits until live is as in Git. */
  async run(ms: number, settleMs: number): Promise<WalkResult> {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      await this.#step();
      await pause(this.#random.int(700));
    }
    this.#world.git.setFault(undefined);
    const ended = Date.now();
    let wrong = ["nothing was checked"];
    while (wrong.length > 0 && Date.now() - ended < settleMs) {
      wrong = await this.#check().catch((error: unknown) => [String(error)]);
      if (wrong.length > 0) await pause(500);
    }
    const settledSeconds = Math.round((Date.now() - ended) / 1000);
    return { seed: this.#seed, steps: this.#steps, settledSeconds, wrong: wrong.slice(0, 20) };
  }

  /** The operator's log, for a walk that went wrong. */
  log(): Promise<string> {
    return this.#world.operator.log();
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.#world.remove();
    await this.#controlPlane.stop();
  }

  async #step(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.35) await this.#commit();
    else if (dice < 0.55) await this.#edit();
    else if (dice < 0.65) await this.#try("delete", () => this.#world.kube.delete(this.#model.ref(this.#model.any())));
    else if (dice < 0.72) await this.#copy();
    else if (dice < 0.8) await this.#killOperator();
    else if (dice < 0.84) await this.#stopApiServer();
    else if (dice < 0.94) this.#failGit();
    else await this.#try("poke", () => this.#poke(`a${this.#random.int(APPS)}`));
  }

  async #commit(): Promise<void> {
    const files: Record<string, string | null> = {};
    for (let change = 0, count = 1 + this.#random.int(6); change < count; change++) {
      const dice = this.#random.next();
      const entry = dice < 0.35 || this.#model.entries.size === 0 ? undefined : this.#model.any();
      if (!entry) {
        const added = this.#model.add(this.#random.int(APPS));
        files[fileOf(added)] = JSON.stringify(added.object);
      } else if (dice < 0.65) {
        entry.object = this.#model.newVersion(entry.kind, entry.name);
        files[fileOf(entry)] = JSON.stringify(entry.object);
      } else if (dice < 0.85) {
        this.#model.entries.delete(entry.name);
        files[fileOf(entry)] = null;
      } else {
        files[fileOf(entry)] = null;
        entry.app = this.#random.int(APPS);
        files[fileOf(entry)] = JSON.stringify(entry.object);
      }
    }
    await this.#repo.commit(files, "walk");
    this.#count("commit");
  }

  async #edit(): Promise<void> {
    const entry = this.#model.any();
    const edited = entry.kind === "ConfigMap" ? { data: { v: "hand" } } : { metadata: { labels: { walk: "hand" } } };
    await this.#try("edit", () => this.#world.kube.patch(this.#model.ref(entry), edited));
  }

  /** A copy that inherits our labels and annotations, as `kubectl get -o yaml | kubectl create` makes it. */
  async #copy(): Promise<void> {
    const entry = this.#model.any();
    if (entry.kind !== "ConfigMap") return;
    await this.#try("copy", async () => {
      const live = await this.#world.kube.get(this.#model.ref(entry));
      if (!live) return;
      const { labels, annotations } = live.metadata;
      const name = this.#model.newName("copy");
      const metadata = { name, namespace: this.#world.namespace, labels, annotations };
      await this.#world.kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data: live.data });
      this.#copies.set(name, JSON.stringify(live.data));
    });
  }

  async #killOperator(): Promise<void> {
    await this.#world.operator.stop("SIGKILL");
    await pause(this.#random.int(1_500));
    await this.#world.operator.start({ heldUp: true });
    this.#count("operator killed");
  }

  async #stopApiServer(): Promise<void> {
    await this.#controlPlane.apiServer.stop({ kill: this.#random.next() < 0.5 });
    await pause(this.#random.int(4_000));
    await this.#controlPlane.apiServer.start();
    if (!this.#world.operator.running) await this.#world.operator.start({ heldUp: true });
    this.#count("API server stopped");
  }

  #failGit(): void {
    const kind = this.#random.pick(["status", "cut", "end"] as const);
    let left = 1 + this.#random.int(4);
    this.#world.git.setFault(() => {
      if (left-- <= 0) return undefined;
      return kind === "status" ? { kind, status: this.#random.pick([500, 503]) } : { kind };
    });
    this.#count("Git fault");
  }

  #poke(app: string): Promise<RawObject> {
    const annotations = { "gitops.overseer.io/reconcile-at": String(this.#random.next()) };
    return this.#world.kube.patch(this.#world.appRef(app), { metadata: { annotations } });
  }

  /** What somebody does by hand may fail while the API server is away. */
  async #try(what: string, work: () => Promise<unknown>): Promise<void> {
    await work().then(
      () => this.#count(what),
      () => undefined,
    );
  }

  #count(what: string): void {
    this.#steps[what] = (this.#steps[what] ?? 0) + 1;
  }

  /** What is not as in Git, what is left over, which copies were touched, and which apps are not Ready. */
  async #check(): Promise<string[]> {
    const { kube, namespace } = this.#world;
    const wrong: string[] = [];
    for (const kind of KINDS) {
      const items = await kube.list(kind === "Role" ? "rbac.authorization.k8s.io/v1" : "v1", kind, namespace);
      const live = new Map(items.map((item) => [item.metadata.name, item]));
      for (const entry of this.#model.entries.values()) {
        if (entry.kind !== kind) continue;
        const found = live.get(entry.name);
        const { apiVersion: _, kind: __, ...wanted } = entry.object;
        const owner = found?.metadata.labels?.["gitops.overseer.io/app"];
        if (!found) wrong.push(`${entry.name} is lost`);
        else if (!holds(wanted, found)) wrong.push(`${entry.name} is not as in Git`);
        else if (owner !== `a${entry.app}`) wrong.push(`${entry.name} belongs to ${owner}, not to a${entry.app}`);
      }
      for (const [name, { metadata }] of live)
        if (metadata.labels?.walk !== undefined && !this.#model.entries.has(name) && !this.#copies.has(name))
          wrong.push(`${name} is left over`);
      if (kind !== "ConfigMap") continue;
      for (const [name, data] of this.#copies)
        if (JSON.stringify(live.get(name)?.data) !== data) wrong.push(`the copy ${name} was touched`);
    }
    for (const app of await kube.list<LiveApp>("gitops.overseer.io/v1alpha1", "OverseerApp", namespace)) {
      const ready = condition(app, "Ready");
      if (ready?.status !== "True") wrong.push(`${app.metadata.name} is not Ready: ${ready?.message}`);
    }
    return wrong;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
