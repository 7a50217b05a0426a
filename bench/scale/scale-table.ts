import { formatTable, type Row } from "../table.js";
import type { ScaleRun } from "./measure-scale.js";
import type { FleetRun, ShardsRun } from "./shards.js";
import type { SoakRun } from "./soak.js";
import type { WorkloadRun } from "./workloads.js";

/** One column for each estate, one line for each cost. */
export function scaleTable(runs: readonly ScaleRun[]): string {
  const row = (title: string, of: (run: ScaleRun) => string): Row => [title, ...runs.map(of)];
  const header = ["apps × objects", ...runs.map(({ apps, objects }) => `${apps} × ${objects / apps}`)];
  return formatTable(header, [
    row("cold sync, s", ({ cold }) => cold.seconds.toFixed(1)),
    row("cold sync, CPU s of the operator", ({ cold }) => cold.cpuSeconds.toFixed(1)),
    row("cold sync, requests an object", ({ cold }) => cold.requestsPerObject.toFixed(2)),
    row("peak memory, MiB", ({ cold }) => cold.peakRssMb.toFixed(0)),
    row("idle, CPU s a minute", ({ idle }) => idle.cpuSecondsPerMinute.toFixed(2)),
    row("idle, requests a minute", ({ idle }) => idle.requestsPerMinute.toFixed(1)),
    row("idle, memory, MiB", ({ idle }) => idle.rssMb.toFixed(0)),
    row("one commit → applied, p50 ms", ({ commit }) => commit.p50Ms.toFixed(0)),
    row("one commit, CPU ms", ({ commit }) => commit.cpuMs.toFixed(0)),
    row("one commit, requests", ({ commit }) => commit.requests.toFixed(1)),
    row("a commit beside all apps, CPU ms", ({ commit }) => commit.unrelatedCpuMs.toFixed(0)),
    row("one drift → healed, p50 / p99 ms", ({ heal }) => `${heal.p50Ms.toFixed(0)} / ${heal.p99Ms.toFixed(0)}`),
    row("one drift, requests", ({ heal }) => heal.requestsPerHeal.toFixed(1)),
    row("restart → ready, s", ({ restart }) => restart.readySeconds.toFixed(1)),
    row("restart → all apps verified, s", ({ restart }) => restart.settledSeconds.toFixed(1)),
    row("restart, CPU s", ({ restart }) => restart.cpuSeconds.toFixed(1)),
    row("restart, requests", ({ restart }) => String(restart.requests)),
    row("restart, writes", ({ restart }) => String(restart.writes)),
    row("leader stops → next one heals, s", ({ handOver }) => handOver.stoppedSeconds.toFixed(1)),
    row("leader is killed → next one heals, s", ({ handOver }) => handOver.killedSeconds.toFixed(1)),
  ]);
}

/** One column for each number of apps of one Deployment, one line for each cost. */
export function workloadTable(runs: readonly WorkloadRun[]): string {
  const row = (title: string, of: (run: WorkloadRun) => string): Row => [title, ...runs.map(of)];
  return formatTable(
    ["apps of one Deployment", ...runs.map(({ apps }) => String(apps))],
    [
      row("bare client: all available, s", ({ limit }) => limit.seconds.toFixed(1)),
      row("bare client: CPU s of API server and etcd", ({ limit }) => limit.serverCpuSeconds.toFixed(1)),
      row("bare client: CPU s of controllers and node", ({ limit }) => limit.controllersCpuSeconds.toFixed(1)),
      row("all apps Ready, s", ({ readySeconds }) => readySeconds.toFixed(1)),
      row("CPU s of the operator", ({ cpuSeconds }) => cpuSeconds.toFixed(1)),
      row("CPU s of API server and etcd", ({ serverCpuSeconds }) => serverCpuSeconds.toFixed(1)),
      row("CPU s of controllers and node", ({ controllersCpuSeconds }) => controllersCpuSeconds.toFixed(1)),
      row("requests an app", ({ requests, apps }) => (requests / apps).toFixed(2)),
      row("peak memory, MiB", ({ peakRssMb }) => peakRssMb.toFixed(0)),
      row("one commit → Ready, p50 ms", ({ commit }) => commit.ms.toFixed(0)),
      row("one commit, CPU ms", ({ commit }) => commit.cpuMs.toFixed(0)),
      row("one commit, requests", ({ commit }) => commit.requests.toFixed(1)),
      row("one drift → reverted, p50 ms", ({ drift }) => drift.ms.toFixed(0)),
      row("one drift, CPU ms", ({ drift }) => drift.cpuMs.toFixed(0)),
      row("one drift, requests", ({ drift }) => drift.requests.toFixed(1)),
      row("restart → all apps verified, s", ({ restart }) => restart.settledSeconds.toFixed(1)),
      row("restart, CPU s", ({ restart }) => restart.cpuSeconds.toFixed(1)),
      row("restart, requests", ({ restart }) => String(restart.requests)),
      row("restart, writes", ({ restart }) => String(restart.writes)),
    ],
  );
}

/** A line for some of the minutes, and how memory moved. */
export function soakTable({ samples, growthMbPerHour, minutes, commits, drifts }: SoakRun): string {
  const step = Math.max(1, Math.ceil(samples.length / 12));
  const shown = samples.filter(({ minute }) => minute % step === 0 || minute === samples.length - 1);
  const rows = shown.map(({ minute, rssMb, sockets, descriptors, cpuSeconds }) => [
    String(minute),
    rssMb.toFixed(0),
    String(sockets),
    String(descriptors),
    cpuSeconds.toFixed(2),
  ]);
  const table = formatTable(["minute", "memory, MiB", "sockets", "open files", "CPU s since"], rows);
  const sum = `${minutes} minutes, ${commits} commits, ${drifts} changes by hand; memory in the second half: ${growthMbPerHour.toFixed(1)} MiB an hour`;
  return `${table}\n\n${sum}`;
}

/** One column for each number of processes, one line for each cost; and how long shards were without a process. */
export function shardsTable(run: ShardsRun): string {
  const { apps, objects, cold, alone, shared, survivor, killed, stopped, changes } = run;
  const each = (values: readonly number[]): string => values.map((value) => value.toFixed(0)).join(" + ");
  const row = (title: string, of: (fleet: FleetRun) => string): Row => [title, of(cold), of(alone), of(shared)];
  const table = formatTable(
    [`${apps} apps × ${objects}, 4 namespaces`, "1 process, cold", "1 process, restart", "2 processes, restart"],
    [
      row("s", ({ seconds }) => seconds.toFixed(1)),
      row("CPU s", ({ cpuSeconds }) => cpuSeconds.toFixed(1)),
      row("requests", ({ requests }) => String(requests)),
      row("memory at rest, MiB", ({ rssMb }) => each(rssMb)),
      row("memory at the peak, MiB", ({ peakRssMb }) => each(peakRssMb)),
      row("idle, CPU s a minute", ({ idleCpuSecondsPerMinute }) => idleCpuSecondsPerMinute.toFixed(2)),
      row("idle, requests a minute", ({ idleRequestsPerMinute }) => idleRequestsPerMinute.toFixed(1)),
    ],
  );
  const moves = formatTable(
    ["failover", "shards", "Leases moved, s", "drift reverted, s"],
    (
      [
        ["SIGKILL", killed],
        ["SIGTERM", stopped],
      ] as const
    ).map(([name, failover]) => [
      name,
      String(failover.shards),
      failover.movedSeconds.toFixed(1),
      failover.healedSeconds.toFixed(1),
    ]),
  );
  return `${table}\n\n${moves}\n\none process with all four shards: ${survivor.rssMb.toFixed(0)} MiB; Changes made after the cold sync: ${changes}`;
}
