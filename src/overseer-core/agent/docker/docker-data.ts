import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CoreBackupResult } from "../../../api/core/app-backup.js";
import type { BackupPreHook } from "../../../api/core/backup-policy.js";
import { systemClock } from "../../../base/clock.js";
import { withDeadline } from "../../../base/deadline.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { findProgram } from "../../../child/confinement.js";
import { runChild } from "../../../child/run-child.js";
import { BackupError } from "../backup/backup-error.js";
import { checkReplaceable, DirectoryReplacer, stagingOf } from "../backup/replace-directories.js";
import { Restic, type ResticOptions, reported } from "../backup/restic.js";
import { resticEnv, unusedSecrets } from "../backup/restic-env.js";
import { writeJson } from "../private-file.js";
import { type DataJob, type DataRunner, isDiskFull, type LogLine, RunError } from "../runner.js";
import { type AppData, findAppData } from "./app-data.js";
import {
  findSnapshot,
  MANIFEST,
  type Manifest,
  manifestOf,
  outermost,
  pairsOf,
  sameMounts,
  stage,
} from "./backup-manifest.js";
import { checkUnused } from "./data-users.js";
import type { DeployedRecords } from "./deployed-record.js";
import { type Container, type DockerEngine, serviceOf } from "./engine.js";
import { EngineError } from "./engine-connection.js";
import type { EngineEvents } from "./engine-events.js";
import { refusalText } from "./error-after-start.js";
import { projectName } from "./project-name.js";
import type { ProjectWatch } from "./project-watch.js";
import { StoppedApps, untilUndisturbed } from "./stopped-apps.js";

/** Longest part of the output of a hook in an error. */
const MAX_HOOK_TEXT = 300;
/** Time for a hook: a dump of a large database takes long. */
const HOOK_MS = 2 * 60 * 60_000;
/** Largest difference between the clocks of a node and of its Core. */
const MAX_CLOCK_MS = 60 * 60_000;

/** Options of the data of Docker apps. */
export interface DockerDataOptions {
  readonly dataDir: string;
  readonly engine: DockerEngine;
  readonly events: EngineEvents;
  readonly watch: ProjectWatch;
  readonly records: DeployedRecords;
  readonly restic: ResticOptions;
  readonly logger: Logger;
}

/** An app whose data is copied or replaced. */
interface App {
  readonly name: string;
  readonly project: string;
  readonly directory: string;
}

/** Stores and restores the volumes and the directory of an app. An app that is stopped for that is started again, also after crashes. */
export class DockerData implements DataRunner {
  readonly #options: DockerDataOptions;
  readonly #stopped: StoppedApps;

  constructor(options: DockerDataOptions) {
    this.#options = options;
    this.#stopped = new StoppedApps(options.dataDir, options.engine, options.logger);
    for (const folder of ["restore", "backup"])
      mkdirSync(join(options.dataDir, folder), { recursive: true, mode: 0o700 });
  }

  /** Completes what a crash has interrupted whenever the engine responds again, without the Core. Returns when `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const recover = (): void => {
      for (const { app, project } of this.#stopped.all()) {
        const done = this.#options.watch.during(project, () => this.#recover(this.#appOf(app), () => {}));
        done.catch((error: unknown) => {
          this.#options.logger.error("cannot start an app again that was stopped", { app, error: messageOf(error) });
        });
      }
    };
    const stop = this.#options.events.listen({ opened: recover, event: () => {}, failed: () => {} });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    stop();
  }

  backup(job: DataJob, log: LogLine, signal: AbortSignal): Promise<CoreBackupResult> {
    return this.#checked(async () => {
      const { work } = job;
      checkClock(work.now, this.#options.restic.clock.now());
      const app = this.#appOf(job.app);
      const unused = unusedSecrets(job.secrets);
      if (unused.length > 0) log(`[docker] these secrets have no effect on backups: ${unused.join(", ")}`);
      const restic = this.#restic(job, signal);
      await restic.prepare(work.mayCreate, work.stop);
      const { stored, excluded } = await this.#options.watch.during(app.project, async () => {
        await this.#recover(app, log);
        const containers = await this.#options.engine.containers(app.project, signal);
        const data = await this.#dataOf(app, containers, signal);
        const manifest = this.#writeManifest(app, data);
        for (const hook of work.preHooks) await this.#runHook(app, hook, containers, log, signal);
        const paths = [manifest, ...data.directories.map(({ path }) => path)];
        const copy = (): ReturnType<Restic["backup"]> => {
          log(`[docker] copying ${data.directories.map(({ key }) => key).join(", ")}`);
          return restic.backup(app.name, paths);
        };
        const copyStopped = async () => {
          const present = await this.#options.engine.containers(app.project, signal);
          const once = async () => {
            const stored = await copy();
            // An engine that restarts also starts containers with the restart policy always.
            return (await this.#startedMeanwhile(app, signal)) ? undefined : stored;
          };
          return this.#whileStopped(app, present, once, log, signal);
        };
        const stored = work.stop ? await untilUndisturbed(copyStopped, log) : await copy();
        return { stored, excluded: data.excluded };
      });
      log(`[docker] stored ${stored.sizeBytes} bytes; verifying the repository`);
      for (const item of excluded) log(`[docker] not part of the backup: ${item}`);
      await restic.check();
      const snapshot = await restic.keep(app.name, stored.id, work.retentionDays);
      const snapshots = reported(await restic.snapshots(app.name));
      return { snapshot, sizeBytes: stored.sizeBytes, snapshots, excluded: [...excluded] };
    });
  }

  restore(job: DataJob, log: LogLine, signal: AbortSignal): Promise<{ restored: string[] }> {
    return this.#checked(async () => {
      const app = this.#appOf(job.app);
      const replacer = this.#replacerOf(app);
      return this.#options.watch.during(app.project, async () => {
        const complete = replacer.replacedBy(job.id);
        await this.#recover(app, log);
        if (complete) return { restored: [] };
        const restic = this.#restic(job, signal);
        await restic.prepare(false, false);
        const snapshot = await findSnapshot(restic, app.name, job.work.snapshot ?? "", this.#options.restic.node);
        const containers = await this.#options.engine.containers(app.project, signal);
        const data = await this.#dataOf(app, containers, signal);
        const pairs = pairsOf(await manifestOf(restic, snapshot), data, snapshot.short_id);
        const replaced = outermost(pairs, snapshot.short_id);
        for (const { to } of replaced) checkReplaceable(to.path);
        const targets = pairs.map(({ to }) => to);
        await checkUnused(this.#options.engine, targets, app.project, signal);
        try {
          log(`[docker] reading backup ${snapshot.short_id} of ${snapshot.time}`);
          for (const { from, to } of replaced) await stage(restic, snapshot.id, from, to.path);
          await this.#sync(
            replaced.map(({ to }) => stagingOf(to.path)),
            signal,
          );
          // Reading a backup takes long: other containers may run now.
          const present = await this.#options.engine.containers(app.project, signal);
          const { mounted } = await this.#dataOf(app, present, signal);
          await this.#whileStopped(
            app,
            present,
            async () => {
              await checkUnused(this.#options.engine, targets, undefined, signal);
              const contents = replaced.map(({ from, to }) => ({
                target: to.path,
                content: join(stagingOf(to.path), from),
              }));
              replacer.replace(job.id, contents, sameMounts(mounted, snapshot.short_id));
            },
            log,
            signal,
          );
        } finally {
          for (const { to } of replaced) rmSync(stagingOf(to.path), { recursive: true, force: true });
        }
        replacer.finish();
        for (const { to } of pairs) log(`[docker] restored ${to.key}`);
        return { restored: pairs.map(({ to }) => to.key) };
      });
    });
  }

  /** Puts interrupted replacements right, and starts what was stopped. */
  async #recover(app: App, log: LogLine): Promise<void> {
    this.#replacerOf(app).recover();
    await this.#stopped.start(app.project, log);
  }

  /** Reports whether a container of the stopped app runs, be it a new one. */
  async #startedMeanwhile({ project }: App, signal: AbortSignal): Promise<boolean> {
    const now = await this.#options.engine.containers(project, signal);
    return now.some(({ State }) => State.Status === "running");
  }

  async #whileStopped<T>(
    app: App,
    containers: readonly Container[],
    work: () => Promise<T>,
    log: LogLine,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      await this.#stopped.stop(app.name, app.project, containers, log, signal);
      return await work();
    } finally {
      await this.#stopped.start(app.project, log);
    }
  }

  async #runHook(
    app: App,
    { service, command }: BackupPreHook,
    containers: readonly Container[],
    log: LogLine,
    signal: AbortSignal,
  ): Promise<void> {
    const found = containers.find((one) => serviceOf(one) === service && one.State.Status === "running");
    if (found === undefined) {
      throw new BackupError(`the pre-hook of service ${service} cannot run: the service has no running container`);
    }
    log(`[docker] running the pre-hook of service ${service}`);
    const expired = (): Error =>
      new BackupError(`the pre-hook of service ${service} did not end within ${HOOK_MS / 60_000} minutes`);
    const { code, output } = await withDeadline({ ms: HOOK_MS, expired, clock: systemClock, signal }, (within) =>
      this.#options.engine.exec(found.Id, command, within),
    );
    if (code === 0) return;
    const record = this.#options.records.find(app.project);
    const mask = record === undefined ? undefined : this.#options.watch.maskOf(record);
    const text = mask?.(output.trim())
      .slice(-MAX_HOOK_TEXT)
      .replaceAll(/\s*\n\s*/g, "; ");
    throw new BackupError(
      `the pre-hook of service ${service} failed with code ${code}: ${text ?? "its output may contain secrets and is not shown"}`,
    );
  }

  async #dataOf(app: App, containers: readonly Container[], signal: AbortSignal): Promise<AppData> {
    return findAppData(this.#options.engine, app.project, app.directory, containers, signal);
  }

  #writeManifest(app: App, { directories }: AppData): string {
    const folder = join(this.#options.dataDir, "backup", app.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, MANIFEST);
    const version = this.#options.records.find(app.project)?.version ?? null;
    const stored = directories.map(({ key, path }) => ({ key, path }));
    writeJson(file, { format: 1, app: app.name, version, directories: stored } satisfies Manifest);
    return file;
  }

  /** Writes restored files to disk before the old ones are deleted. */
  async #sync(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const program = await findProgram("sync", this.#options.restic.path.split(":"));
    if (program !== undefined) await runChild({ program, args: ["-f", ...paths], env: {}, signal });
  }

  #restic(job: DataJob, signal: AbortSignal): Restic {
    return new Restic(this.#options.restic, resticEnv(job.secrets), signal);
  }

  #appOf(name: string): App {
    const { dataDir, restic } = this.#options;
    return { name, project: projectName(restic.node, name), directory: join(dataDir, "apps", name) };
  }

  #replacerOf({ project }: App): DirectoryReplacer {
    return new DirectoryReplacer(join(this.#options.dataDir, "restore", `${project}.json`));
  }

  async #checked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BackupError) throw new RunError(error.message);
      // An engine that answers so goes on doing so, and each repetition could stop the app.
      if (error instanceof EngineError) throw new RunError(refusalText(error));
      if (isFileError(error))
        throw new RunError(`the agent cannot copy or replace files of the app: ${messageOf(error)}`);
      throw error;
    }
  }
}

/** Throws BackupError if the clock of the node is wrong: what is kept, and what is the latest backup, depends on it. */
function checkClock(core: string | undefined, now: number): void {
  if (core === undefined || Math.abs(now - Date.parse(core)) < MAX_CLOCK_MS) return;
  throw new BackupError(
    `the clock of the node has ${new Date(now).toISOString()}, and that of the Core ${core}: correct the one that is wrong; backups are deleted by their age`,
  );
}

/** Whether an operation on files failed for another reason than a full disk. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "path" in error && !isDiskFull(error);
}
