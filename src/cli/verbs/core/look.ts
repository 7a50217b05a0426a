import { z } from "zod";
import { CoreJobLog } from "../../../api/core/job.js";
import type { AppRecord } from "../../../destinations/overseer/state/core-records.js";
import { CORE_RECORDS, type JobRecord } from "../../../destinations/overseer/state/core-records.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import { jsonOutput } from "../../output/objects.js";
import { plainText } from "../../output/plain-text.js";
import { formatTable } from "../../output/table.js";
import { hint, print, say } from "../../terminal.js";
import type { ListFlags } from "./backups.js";
import { type Core, type CoreFlags, withCore } from "./connect-core.js";
import { awaitJob } from "./core-jobs.js";
import { appsOf, named, nodesOf } from "./core-resources.js";

/** Flags of `overseer core logs`. */
export interface LogFlags extends CoreFlags {
  readonly follow?: boolean;
  readonly job?: string;
}

/** Lists the services of an app, or of all apps, as the agents last saw them. */
export function listServices(name: string | undefined, flags: CoreFlags & ListFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const [nodes, all] = [await nodesOf(core), await appsOf(core)];
    const apps = name === undefined ? all : [named("app", name, all)];
    const rows = apps.flatMap((app) => {
      const node = nodes.find(({ id }) => id === (app.assignedNodeId ?? app.nodeId));
      const services = app.observed?.services ?? [];
      return services.map((service) => ({ app: app.name, node: node?.name, nodeStatus: node?.status, ...service }));
    });
    if (flags.output === "json") {
      print(jsonOutput(rows));
      return EXIT.done;
    }
    print(
      formatTable(
        ["app", "service", "state", "node", "image", "last line"],
        rows.map(({ app, name: service, state, exitCode, node, nodeStatus, image, lastLine }) => {
          const shown = exitCode === null ? state : `${state} (${exitCode})`;
          const known = nodeStatus === "offline" ? `unknown, was ${shown}` : shown;
          return [app, service, known, node, image && shortImage(image), lastLine ?? ""];
        }),
      ),
    );
    for (const app of apps) sayWhatElse(app, flags);
    return EXIT.done;
  });
}

/** Prints the log of the newest job of an app: a deployment, a removal, a backup or a restore. */
export function showLog(name: string, flags: LogFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const app = named("app", name, await appsOf(core));
    const job = await chosenJob(core, app, flags.job);
    let from = 0;
    const printNew = async (): Promise<void> => {
      const { logs, next } = await logOf(core, job.id, from);
      print(logs.map((line) => `${plainText(line)}\n`).join(""));
      from = next;
    };
    const what = `the ${job.type} of ${name}`;
    if (flags.follow !== true) {
      await printNew();
      if (job.status === "pending" || job.status === "running")
        hint(flags, `${what} is ${job.status}: --follow waits for its end`);
      if (job.error !== null) say(`${what} failed: ${job.error}`);
      return EXIT.done;
    }
    try {
      await awaitJob(core, job.id, { what, timeoutMs: 0, onChange: printNew });
    } finally {
      await printNew();
    }
    return EXIT.done;
  });
}

async function chosenJob({ client }: Core, { id, name }: AppRecord, wanted: string | undefined): Promise<JobRecord> {
  const { body } = await client.request({ method: "GET", path: `/api/jobs?appId=${encodeURIComponent(id)}` });
  const { jobs } = z.object({ jobs: z.array(CORE_RECORDS.job) }).parse(body);
  const found = wanted === undefined ? jobs[0] : jobs.find((job) => job.id === wanted);
  if (found !== undefined) return found;
  const problem =
    wanted === undefined
      ? `${name} has no jobs: it was never deployed`
      : `${name} has no job ${wanted}: omit --job for the newest one`;
  throw new CommandError(problem, EXIT.notAllowed);
}

async function logOf({ client }: Core, id: string, from: number): Promise<z.infer<typeof CoreJobLog>> {
  const path = `/api/jobs/${encodeURIComponent(id)}/logs?from=${from}`;
  return CoreJobLog.parse((await client.request({ method: "GET", path })).body);
}

function sayWhatElse({ name, observed }: AppRecord, flags: CoreFlags): void {
  if (observed === null) hint(flags, `${name}: its node has not reported services`);
  for (const text of observed?.drift ?? []) say(`${name} differs from what was deployed: ${text}`);
}

/** Cuts the digest of an image to 12 digits. */
function shortImage(image: string): string {
  return image.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, "$1");
}
