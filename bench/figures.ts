import type { ColdSyncRun } from "./cold-sync.js";
import type { CommitRun } from "./commit.js";
import { type CoreMeasurements, coreFigures } from "./core/core-figures.js";
import type { HealRun } from "./heal.js";
import type { IdleRun } from "./idle.js";
import type { LimitRun } from "./limit.js";
import type { NoopRun } from "./noop.js";
import type { Scale } from "./options.js";
import { median } from "./statistics.js";
import type { WatchedRun } from "./watched-objects.js";

/** Everything that one run of the bench has measured; a part that was left out is undefined. */
export interface Measurements {
  readonly scale: Scale;
  readonly kubernetes: KubernetesMeasurements | undefined;
  readonly core: CoreMeasurements | undefined;
}

/** What was measured of apps in the cluster. */
export interface KubernetesMeasurements {
  readonly limits: readonly LimitRun[];
  readonly limitsWithoutDryRun: readonly LimitRun[];
  readonly coldSyncs: readonly ColdSyncRun[];
  readonly idle: IdleRun;
  readonly heal: HealRun;
  readonly commit: CommitRun;
  readonly noop: NoopRun;
  readonly watched: WatchedRun | undefined;
}

/** Figures by dotted name; the names are read by others and stay. */
export type Figures = Readonly<Record<string, number>>;

/** The figures of a run: medians where something was measured more than once. */
export function figuresOf({ scale, kubernetes, core }: Measurements): Figures {
  return { ...(kubernetes && kubernetesFigures(scale, kubernetes)), ...(core && coreFigures(scale.coreApps, core)) };
}

function kubernetesFigures(scale: Scale, measured: KubernetesMeasurements): Figures {
  const { idle, heal, commit, noop, watched } = measured;
  const objects = scale.apps * scale.objectsPerApp;
  const limit = median(measured.limits.map((run) => run.seconds));
  const cold = (pick: (run: ColdSyncRun) => number): number => median(measured.coldSyncs.map(pick));
  return {
    "limit.seconds": limit,
    "limit.secondsWithoutDryRun": median(measured.limitsWithoutDryRun.map((run) => run.seconds)),
    "limit.cpuSeconds": median(measured.limits.map((run) => run.cpuSeconds)),
    "limit.serverCpuSeconds": median(measured.limits.map((run) => run.serverCpuSeconds)),
    "coldSync.seconds": cold((run) => run.seconds),
    "coldSync.readySeconds": cold((run) => run.readySeconds),
    "coldSync.creationSeconds": cold((run) => run.creationSeconds),
    "coldSync.ratio": cold((run) => run.seconds) / limit,
    "coldSync.cpuSeconds": cold((run) => run.cpuSeconds),
    "coldSync.serverCpuSeconds": cold((run) => run.serverCpuSeconds),
    "coldSync.cpuMsPerObject": (cold((run) => run.cpuSeconds) * 1000) / objects,
    "coldSync.requestsPerObject": cold((run) => run.requests) / objects,
    "coldSync.servedRequestsPerObject": cold((run) => run.servedRequests) / objects,
    "idle.cpuSecondsPerMinute": idle.cpuSecondsPerMinute,
    "idle.requestsPerMinute": idle.requestsPerMinute,
    "idle.watchesPerMinute": idle.watchesPerMinute,
    "idle.rssMb": idle.rssMb,
    "peak.rssMb": cold((run) => run.peakRssMb),
    "heal.p50Ms": heal.p50Ms,
    "heal.p99Ms": heal.p99Ms,
    "heal.maxMs": heal.maxMs,
    "heal.cpuMs": heal.cpuMsPerHeal,
    "heal.requests": heal.requestsPerHeal,
    "oneAppCommit.p50Ms": commit.p50Ms,
    "oneAppCommit.p99Ms": commit.p99Ms,
    "oneAppCommit.cpuMs": commit.cpuMs,
    "oneAppCommit.requests": commit.requests,
    "unrelatedCommit.cpuMs": commit.unrelatedCpuMs,
    "unrelatedCommit.requests": commit.unrelatedRequests,
    "unrelatedCommit.cpuMsPerApp": commit.untouchedAppCpuMs,
    "noop.cpuMs": noop.cpuMs,
    "noop.writes": noop.otherRequests,
    ...(watched === undefined ? {} : { "watched.rssDeltaMb": watched.rssDeltaMb }),
  };
}

/** Makes `{ a: { b: 1 } }` of `{ "a.b": 1 }`. */
export function nested(figures: Figures): Record<string, Record<string, number>> {
  const result: Record<string, Record<string, number>> = {};
  for (const [name, value] of Object.entries(figures)) {
    const [group = "", field = ""] = name.split(".");
    result[group] = { ...result[group], [field]: value };
  }
  return result;
}
