import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../tools/control-plane.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import type { GitRepo } from "../support/git-server.js";
import type { TestObject } from "../support/kube.js";
import { World } from "../support/world.js";
import { type Copy, differences } from "./compare.js";
import { type Entry, fileOf, Model } from "./model.js";
import { SeededRandom } from "./random.js";
import { writtenAfterRestart } from "./restart.js";
import { type Settled, untilSettled } from "./settle.js";

const OBJECTS_PER_APP = 5;

/** How to walk. */
export interface WalkOptions {
  readonly seed: number;
  readonly apps: number;
  /** The longest pause between two steps, in milliseconds. */
  readonly pauseMs: number;
}

/** What became of a walk. */
export interface WalkResult extends Settled {
  /** What a new process of the operator has written when all was as in Git: should be nothing. */
  readonly written: readonly string[];
}

/**
 * Walks at random: commits, objects that move between apps and are exchanged, edits and deletions by hand, copies that inherit
 * our labels, hooks that also fail, waves, killed operators, an API server that goes away, a Git server that fails. In the end live has
 * to be exactly as in Git. The same seed makes the same steps.
 */
export class RandomWalk {
  /** How often each thing was done. */
  readonly steps: Record<string, number> = {};
  readonly #options: WalkOptions;
  readonly #random: SeededRandom;
  readonly #world: World;
  readonly #controlPlane: ControlPlane;
  readonly #repo: GitRepo;
  readonly #model: Model;
  readonly #copies = new Map<string, Copy>();
  readonly #logs: string[] = [];

  private constructor(
    options: WalkOptions,
    random: SeededRandom,
    world: World,
    plane: ControlPlane,
    repo: GitRepo,
    model: Model,
  ) {
    this.#options = options;
    this.#random = random;
    this.#world = world;
    this.#controlPlane = plane;
    this.#repo = repo;
    this.#model = model;
  }

  /** Starts a control plane, an operator and some apps. */
  static async start(options: WalkOptions): Promise<RandomWalk> {
    const random = new SeededRandom(options.seed);
    const controlPlane = await startControlPlane();
    const world = await World.create("walk", { controlPlane, operator: { flags: ["--leader-election=false"] } });
    const model = new Model(world.namespace, random);
    const files: Record<string, string> = {};
    for (let app = 0; app < options.apps; app++)
      for (let count = 0; count < OBJECTS_PER_APP; count++) {
        const entry = model.add(app);
        files[fileOf(entry)] = JSON.stringify(entry.object);
      }
    const repo = await world.repository("walk", files, { interval: "2s" });
    const sync = { pruneBudget: "100%", allowEmpty: true, retry: { base: "500ms", max: "5s" } };
    const walk = new RandomWalk(options, random, world, controlPlane, repo, model);
    for (let app = 0; app < options.apps; app++) await world.app(`a${app}`, "walk", `apps/a${app}`, { sync });
    for (const app of walk.#apps) await world.synced(app, undefined, 60_000);
    return walk;
  }

  /** Goes on as long as it is told to. */
  async walk(goesOn: (steps: number) => boolean): Promise<void> {
    for (let steps = 0; goesOn(steps); steps++) {
      await this.#step();
      await pause(this.#random.int(this.#options.pauseMs));
    }
  }

  /** Ends all faults and waits until live is as in Git and the apps are Ready, at most so long; then checks that a new process writes nothing. */
  async settle(settleMs: number): Promise<WalkResult> {
    this.#world.git.setFault(undefined);
    const repaired = this.#model.repairHooks();
    if (Object.keys(repaired).length > 0) await this.#repo.commit(repaired, "repair");
    const settled = await untilSettled(this.#world, this.#model, this.#copies, settleMs);
    if (settled.wrong.length > 0) return { ...settled, written: [] };
    await this.#keepLog();
    const written = await writtenAfterRestart(this.#world, this.#model, this.#apps);
    return { ...settled, wrong: await differences(this.#world, this.#model, this.#copies), written };
  }

  /** Keeps the logs of all processes of the operator, one after the other, and gives the file. */
  async saveLog(): Promise<string> {
    const folder = join(repositoryRoot(), "build/soak");
    await mkdir(folder, { recursive: true });
    const file = join(folder, `operator-${this.#options.seed}.log`);
    await writeFile(file, [...this.#logs, await this.#world.operator.log()].join(""));
    return file;
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    try {
      await this.#world.remove();
    } finally {
      await this.#controlPlane.stop();
    }
  }

  get #apps(): string[] {
    return Array.from({ length: this.#options.apps }, (_, app) => `a${app}`);
  }

  async #step(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.3) await this.#commit();
    else if (dice < 0.36) await this.#exchange();
    else if (dice < 0.54) await this.#edit();
    else if (dice < 0.64) await this.#delete();
    else if (dice < 0.72) await this.#copy();
    else if (dice < 0.8) await this.#killOperator();
    else if (dice < 0.84) await this.#stopApiServer();
    else if (dice < 0.94) this.#failGit();
    else await this.#poke();
  }

  async #commit(): Promise<void> {
    const files: Record<string, string | null> = {};
    for (let change = 0, count = 1 + this.#random.int(6); change < count; change++) {
      const dice = this.#random.next();
      const entry = dice < 0.35 ? undefined : this.#model.any();
      if (!entry) {
        const added = this.#model.add(this.#random.int(this.#options.apps));
        files[fileOf(added)] = JSON.stringify(added.object);
      } else if (dice < 0.65) {
        entry.object = this.#model.newVersion(entry.kind, entry.name);
        files[fileOf(entry)] = JSON.stringify(entry.object);
      } else if (dice < 0.85) {
        this.#model.entries.delete(entry.name);
        files[fileOf(entry)] = null;
      } else Object.assign(files, moved(entry, this.#random.int(this.#options.apps)));
    }
    if (this.#random.next() < 0.3) Object.assign(files, this.#changeHook());
    await this.#repo.commit(files, "walk");
    this.#count("commit");
  }

  #changeHook(): Record<string, string | null> {
    const app = this.#random.int(this.#options.apps);
    const files = this.#model.changeHook(app);
    const hook = [...this.#model.hooks.values()].find((one) => one.app === app);
    this.#count(hook === undefined ? "hook removed" : hook.fails ? "hook that fails" : "hook");
    return files;
  }

  /** Two apps swap an object, or up to four pass one on in a ring; now and then its content changes by that, too. */
  async #exchange(): Promise<void> {
    const entries = this.#model.oneOfEach(2 + this.#random.int(3));
    const apps = entries.map(({ app }) => app);
    const files: Record<string, string | null> = {};
    for (const [index, entry] of entries.entries()) {
      if (this.#random.next() < 0.3) entry.object = this.#model.newVersion(entry.kind, entry.name);
      Object.assign(files, moved(entry, apps[(index + 1) % apps.length] ?? entry.app));
    }
    await this.#repo.commit(files, "exchange");
    this.#count(entries.length === 2 ? "swap" : "ring");
  }

  async #edit(): Promise<void> {
    const entry = this.#model.any();
    if (entry === undefined) return;
    const edits: Partial<Record<string, unknown>> = {
      ConfigMap: { data: { v: "hand", extra: "1" } },
      Secret: { stringData: { v: "hand" } },
      Deployment: { spec: { replicas: 2 } },
    };
    const edited = edits[entry.kind] ?? { metadata: { labels: { walk: "hand" } } };
    await this.#try("edit", () => this.#world.kube.patch(this.#model.ref(entry), edited));
  }

  async #delete(): Promise<void> {
    const entry = this.#model.any();
    if (entry !== undefined) await this.#try("delete", () => this.#world.kube.delete(this.#model.ref(entry)));
  }

  /** A copy with our labels and most often our annotations, as `kubectl get -o yaml | kubectl create` makes it. */
  async #copy(): Promise<void> {
    const entry = this.#model.any(({ kind }) => kind === "ConfigMap" || kind === "Secret");
    const name = this.#model.newName("copy");
    const annotated = this.#random.next() < 0.7;
    if (entry === undefined) return;
    await this.#try("copy", async () => {
      const live = await this.#world.kube.get(this.#model.ref(entry));
      if (!live) throw new Error("it is not there yet");
      const { labels, annotations } = live.metadata;
      const metadata = { name, namespace: this.#world.namespace, labels, ...(annotated ? { annotations } : {}) };
      const { apiVersion, kind } = entry.object;
      const copy: TestObject = { apiVersion, kind, metadata, data: live.data };
      const { uid, resourceVersion } = (await this.#world.kube.create(copy)).metadata;
      this.#copies.set(name, { kind: entry.kind, uid, resourceVersion });
    });
  }

  async #killOperator(): Promise<void> {
    await this.#keepLog();
    await this.#world.operator.stop("SIGKILL");
    await pause(this.#random.int(1_500));
    await this.#world.operator.start({ heldUp: true });
    this.#count("operator killed");
  }

  async #stopApiServer(): Promise<void> {
    const kill = this.#random.next() < 0.5;
    await this.#controlPlane.apiServer.stop({ kill });
    await pause(this.#random.int(4_000));
    await this.#controlPlane.apiServer.start();
    this.#count(kill ? "API server killed" : "API server stopped");
    if (this.#world.operator.running) return;
    await this.#keepLog();
    await this.#world.operator.start({ heldUp: true });
  }

  #failGit(): void {
    const kind = this.#random.pick(["status", "cut", "end", "flip", "fatal"] as const);
    const status = this.#random.pick([500, 503, 401, 404]);
    let left = 1 + this.#random.int(4);
    this.#world.git.setFault(() => {
      if (left-- <= 0) return undefined;
      return kind === "status" ? { kind, status } : { kind };
    });
    this.#count("Git fault");
  }

  async #poke(): Promise<void> {
    const app = this.#random.pick(this.#apps);
    const annotations = { "gitops.overseer.io/reconcile-at": String(this.#random.next()) };
    await this.#try("poke", () => this.#world.kube.patch(this.#world.appRef(app), { metadata: { annotations } }));
  }

  /** What somebody does by hand may fail, while the API server is away and after. */
  async #try(what: string, work: () => Promise<unknown>): Promise<void> {
    await work().then(
      () => this.#count(what),
      () => undefined,
    );
  }

  #count(what: string): void {
    this.steps[what] = (this.steps[what] ?? 0) + 1;
  }

  async #keepLog(): Promise<void> {
    this.#logs.push(await this.#world.operator.log());
  }
}

/** Moves an entry to an app, and gives the files that change. */
function moved(entry: Entry, app: number): Record<string, string | null> {
  const before = fileOf(entry);
  entry.app = app;
  return { [before]: null, [fileOf(entry)]: JSON.stringify(entry.object) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
