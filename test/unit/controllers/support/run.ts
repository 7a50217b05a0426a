import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import { RevisionIndex } from "../../../../src/controllers/git-repository/revision-index.js";
import { AppMemory } from "../../../../src/controllers/overseer-app/app-memory.js";
import type { AppServices } from "../../../../src/controllers/overseer-app/app-services.js";
import { AppRun } from "../../../../src/controllers/overseer-app/run.js";
import { WholePlans } from "../../../../src/controllers/overseer-app/sync/whole-plans.js";
import { UnavailableDestination } from "../../../../src/destinations/unavailable.js";
import { DEFAULT_RENDER_LIMITS } from "../../../../src/render/limits.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";
import { app, cacheOf } from "./resources.js";

/** A reconcile of one app with minimal services, and its recorded output. */
export interface TestRun {
  readonly run: AppRun;
  readonly clock: FakeClock;
  /** Events as `Warning ApplyFailed: message`. */
  readonly told: readonly string[];
  /** Metric events: `ended Succeeded`, `failed ApplyRefused`. */
  readonly counted: readonly string[];
  readonly logger: FakeLogger;
}

/** Creates the context of one reconcile; `services` override no-op ones. */
export function testRun(of: OverseerApp = app("shop/web"), services: Partial<AppServices> = {}): TestRun {
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const told: string[] = [];
  const counted: string[] = [];
  const idleDestination = new UnavailableDestination("nowhere", {
    reason: "ClusterUnreachable",
    message: "not in this test",
  });
  const all = {
    clock,
    apps: cacheOf([of]),
    changes: cacheOf([]),
    repositories: cacheOf([]),
    index: new RevisionIndex(),
    memories: new Map<string, AppMemory>(),
    digestKey: "0".repeat(32),
    wholePlans: new WholePlans(),
    values: { use: () => {}, forget: () => {}, read: async () => undefined },
    secretStores: { use: () => {}, forget: () => {} },
    renderer: { limits: DEFAULT_RENDER_LIMITS },
    events: {
      record: (_: unknown, note: { type: string; reason: string; message: string }) => {
        told.push(`${note.type} ${note.reason}: ${note.message}`);
      },
    },
    observer: {
      changeEnded: (_: unknown, { phase }: { phase: string }) => counted.push(`ended ${phase}`),
      gateOpened: () => {},
      decided: () => {},
      syncFailed: (_: unknown, reason: string) => counted.push(`failed ${reason}`),
      state: () => {},
    },
    busy: () => false,
    ...services,
  } as unknown as AppServices;
  const run = new AppRun(all, idleDestination, of, new AppMemory(), logger, new AbortController().signal);
  return { run, clock, told, counted, logger };
}
