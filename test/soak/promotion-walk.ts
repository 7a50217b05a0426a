import type { OverseerAppStatus } from "../../src/api/overseer-app.js";
import type { MemoryObject } from "../support/memory-destination.js";
import { Heart, KilledError } from "../unit/controllers/support/heart.js";
import { ApprovalModel, EXPIRES_MS, REQUIRED } from "./approval-model.js";
import { Disturbances, type Policy } from "./disturbances.js";
import { SeededRandom } from "./random.js";

const SOAK_MS = 300_000;
/** The clock goes on in steps of this length at most. */
const SLICE_MS = 30_000;
const STAGES = ["dev", "staging", "prod"] as const;
const APPS = STAGES.map((stage) => `${stage}/web`);

/** What a walk has found. */
export interface PromotionResult {
  readonly steps: Readonly<Record<string, number>>;
  /** How often an app has applied other inputs. */
  readonly applied: number;
  /** How many Changes were applied that users have approved. */
  readonly approved: number;
  /** What must never happen, and has. */
  readonly wrong: readonly string[];
}

/**
 * Walks at random through commits, health, the clock, kills, and requests of users, in memory, and checks after each step: no stage runs
 * what was not healthy in the one before; none moves backwards without a rollback; prod applies no plan without the approvals of two users, if it asks
 * for them, unless a user uses break-glass; nothing begins in a freeze, or in a suspension. In the end, with everything healthy and fair approvers, the last commit arrives everywhere. The same seed makes the same steps.
 */
export class PromotionWalk {
  readonly #random: SeededRandom;
  readonly #heart = new WatchedHeart(() => this.#note());
  /** Commits, oldest first. */
  readonly #line: string[] = [];
  /** Values that the object of each stage had while it was healthy. */
  readonly #healthy = new Map<string, Set<string>>(APPS.map((app) => [app, new Set()]));
  readonly #last = new Map<string, string>();
  readonly #steps: Record<string, number> = {};
  readonly #wrong: string[] = [];
  /** Users who decide about prod, and what they permit; undefined without approvals. */
  readonly #approvals: ApprovalModel | undefined;
  readonly #disturbances: Disturbances;
  /** The value that each commit has. */
  readonly #values = new Map<string, string>();
  #applied = 0;
  #requests = 0;

  constructor(seed: number, { approvals = false } = {}) {
    this.#random = new SeededRandom(seed);
    this.#heart.start();
    const source = { repositoryRef: { name: "repo", namespace: "shop" }, path: "web" };
    const spec = { source, health: { timeout: "1m", rollbackOnFailure: this.#random.next() < 0.5 } };
    const policy = { frozen: false, required: REQUIRED, soak: SOAK_MS / 1000 };
    this.#disturbances = new Disturbances(this.#heart, this.#random, spec, policy, (changed) =>
      this.#governProd(changed, approvals),
    );
    this.#heart.environment("dev", { namespaces: [{ name: "dev" }] });
    this.#heart.environment("staging", promotedFrom("dev", "staging", policy.soak / 2));
    this.#governProd(policy, approvals);
    this.#approvals = approvals
      ? new ApprovalModel(this.#heart, this.#random, "prod/web", () => this.#disturbances.policy)
      : undefined;
    this.#commit();
    for (const app of APPS) this.#heart.apply(app, spec);
  }

  #governProd({ frozen, required, soak }: Policy, approvals: boolean): void {
    this.#heart.environment("prod", {
      ...promotedFrom("staging", "prod", soak),
      ...(approvals ? { gates: { approval: { required, expires: `${EXPIRES_MS / 1000}s` } } } : {}),
      ...(frozen ? { freeze: { reason: "a walk" } } : {}),
    });
  }

  /** Walks as long as it is told to, then lets everything become healthy. */
  async run(goesOn: (steps: number) => boolean): Promise<PromotionResult> {
    for (let steps = 0; goesOn(steps) && this.#wrong.length === 0; steps++) {
      await this.#step();
      this.#check();
    }
    await this.#arrive();
    const approved = this.#approvals?.approved ?? 0;
    return { steps: this.#steps, applied: this.#applied, approved, wrong: this.#wrong };
  }

  async #step(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.3) this.#count("commit", () => this.#commit());
    else if (dice < 0.45) this.#count("health", () => this.#changeHealth());
    else if (dice < 0.52) this.#count("rollback", () => this.#request("rollback"));
    else if (dice < 0.57) this.#count("sync", () => this.#request("sync"));
    else if (dice < 0.62) this.#count("promote", () => this.#request("promote"));
    else if (dice < 0.72) return this.#kill();
    else if (dice < 0.76) this.#count("down", () => this.#down());
    else if (dice < 0.82) this.#count(this.#disturbances.act(APPS), () => {});
    else if (this.#approvals !== undefined) this.#count(this.#approvals.decide(), () => {});
    await this.#settle(this.#random.int(SOAK_MS / 2));
  }

  #count(what: string, act: () => void): void {
    this.#steps[what] = (this.#steps[what] ?? 0) + 1;
    act();
  }

  /** Commits a new value, or one that was committed before, which may have failed. */
  #commit(isNew = this.#random.next() < 0.8): void {
    const number = this.#line.length + 1;
    const v = isNew ? number : this.#random.int(number) + 1;
    const document = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${v}" }\n`;
    const commit = this.#heart.commit({ ".number": String(number), "web/a.yaml": document });
    this.#line.push(commit);
    this.#values.set(commit, String(v));
  }

  #changeHealth(): void {
    const key = `/ConfigMap/${this.#random.pick(STAGES)}/a`;
    if (!this.#heart.destination.objects.has(key)) return;
    const health = this.#random.pick(["Healthy", "Healthy", "Degraded", "Progressing"] as const);
    this.#heart.destination.edit(key, { health: { status: health, message: health } });
  }

  #request(cause: "rollback" | "sync" | "promote"): void {
    const app = this.#random.pick(APPS);
    const [namespace = ""] = app.split("/");
    const name = `${namespace}/r${++this.#requests}`;
    if (cause === "sync") this.#heart.request(name, "web");
    else if (cause === "promote") this.#heart.promote(name, "web", this.#random.pick(this.#line));
    else {
      const done = this.#heart.changes(app).flatMap((text) => /^(\S+) Succeeded$/.exec(text)?.[1] ?? []);
      if (done.length > 0) this.#heart.rollBack(name, "web", this.#random.pick(done));
    }
  }

  /** Kills the process at a random boundary of its work, and starts another one. */
  async #kill(): Promise<void> {
    this.#steps.kill = (this.#steps.kill ?? 0) + 1;
    let left = this.#random.int(12);
    this.#heart.start(() => {
      if (left-- === 0) throw new KilledError("killed");
    });
    try {
      await this.#settle(this.#random.int(SOAK_MS / 4));
    } catch (error) {
      if (!(error instanceof KilledError)) throw error;
    }
    this.#heart.start();
    await this.#settle(0);
  }

  /** The operator is down for a time that no soak may count. */
  #down(): void {
    this.#heart.clock.advance(this.#random.int(10 * SOAK_MS));
    this.#heart.start();
  }

  /** Lets the clock go on in small steps, and notes what is healthy where after each. */
  async #settle(ms: number): Promise<void> {
    const { clock } = this.#heart;
    for (let left = ms; ; left -= SLICE_MS) {
      const end = clock.monotonic() + Math.min(SLICE_MS, Math.max(0, left));
      await this.#heart.settle(APPS, end - clock.monotonic());
      clock.advance(Math.max(0, end - clock.monotonic()));
      if (left <= SLICE_MS) return;
    }
  }

  #note(): void {
    this.#wrong.push(...(this.#approvals?.judge() ?? []), ...this.#disturbances.judge());
    for (const app of APPS) {
      const { applied } = this.#statusOf(app);
      if (applied === undefined) continue;
      if (objectOf(this.#heart, app)?.health.status === "Healthy")
        this.#healthy.get(app)?.add(shownValue(this.#heart, app));
      const before = this.#last.get(app);
      if (before === applied.commit) continue;
      this.#last.set(app, applied.commit);
      this.#applied++;
      this.#judgeMove(app, before, applied.commit);
    }
  }

  #judgeMove(app: string, before: string | undefined, now: string): void {
    // Times of Changes do not tell which came last: the clock is also set back.
    const rolledBack = this.#statusOf(app).pin?.inputs.commit === now;
    if (before !== undefined && !rolledBack && this.#line.indexOf(now) < this.#line.indexOf(before))
      this.#wrong.push(`${app} went back from ${before} to ${now}`);
  }

  #check(): void {
    for (const [index, app] of APPS.entries()) {
      const earlier = APPS[index - 1];
      if (earlier === undefined || this.#statusOf(app).applied === undefined) continue;
      const value = shownValue(this.#heart, app);
      const isBroken = app === "prod/web" && this.#isBroken(value);
      if (value !== "" && !isBroken && this.#healthy.get(earlier)?.has(value) !== true)
        this.#wrong.push(`${app} runs ${value}, which was never healthy in ${earlier}`);
    }
  }

  /** Whether a value has come to prod by break-glass. */
  #isBroken(value: string): boolean {
    return [...(this.#approvals?.broken ?? [])].some((commit) => this.#values.get(commit) === value);
  }

  /** With everything healthy, no pin and enough time, the last commit arrives. */
  async #arrive(): Promise<void> {
    if (this.#wrong.length > 0) return;
    this.#heart.start();
    this.#disturbances.end(APPS);
    await this.#settle(SOAK_MS);
    for (const stage of STAGES) {
      this.#heart.request(`${stage}/end`, "web");
      const key = `/ConfigMap/${stage}/a`;
      if (this.#heart.destination.objects.has(key))
        this.#heart.destination.edit(key, { health: { status: "Healthy" } });
    }
    await this.#settle(SOAK_MS);
    this.#commit(true);
    const last = this.#line.at(-1);
    for (let round = 0; round < 4; round++) {
      await this.#settle(2 * SOAK_MS);
      this.#approvals?.approveAll();
    }
    await this.#settle(SOAK_MS);
    this.#check();
    for (const app of APPS) {
      const status = this.#statusOf(app);
      const isSame =
        status.applied?.commit === last || shownValue(this.#heart, app) === shownValue(this.#heart, "dev/web");
      if (!isSame) this.#wrong.push(`${app} did not get the last commit: ${JSON.stringify(status.promotion)}`);
    }
  }

  #statusOf(app: string): OverseerAppStatus {
    return this.#heart.app(app)?.status ?? {};
  }
}

function promotedFrom(earlier: string, name: string, soak: number): Readonly<Record<string, unknown>> {
  return { namespaces: [{ name, from: earlier }], promotesFrom: [earlier], promotion: { soak: `${soak}s` } };
}

/** Calls `look` after each reconcile. */
class WatchedHeart extends Heart {
  readonly #look: () => void;

  constructor(look: () => void) {
    super();
    this.#look = look;
  }

  override async reconcile(name: string): Promise<number | undefined> {
    const due = await super.reconcile(name);
    this.#look();
    return due;
  }
}

function objectOf(heart: Heart, app: string): MemoryObject | undefined {
  const [namespace = ""] = app.split("/");
  return heart.destination.objects.get(`/ConfigMap/${namespace}/a`);
}

/** Returns the value that the object of an app has; empty if it does not exist. */
function shownValue(heart: Heart, app: string): string {
  const object = objectOf(heart, app)?.object as { data?: { v?: string } } | undefined;
  return object?.data?.v ?? "";
}
