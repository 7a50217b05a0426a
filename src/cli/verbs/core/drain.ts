import { z } from "zod";
import { CoreDrainPlan } from "../../../api/core/drain.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import { formatTable } from "../../output/table.js";
import { confirm, hint, print, say } from "../../terminal.js";
import { type Core, type CoreFlags, withCore } from "./connect-core.js";
import { named, nodesOf } from "./core-resources.js";

/** Flags of `overseer core drain`. */
export interface DrainFlags extends CoreFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Drains a node, after a question that names what happens. */
export function drainNode(name: string, flags: DrainFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const node = named("node", name, await nodesOf(core));
    const { plan } = await request(core, node.id, { dryRun: true });
    print(planText(name, plan));
    if (flags.dryRun === true) return EXIT.done;
    const parts = [
      "it accepts no deployments any more",
      ...(plan.moves.length === 0
        ? []
        : [
            `${count(plan.moves.length)} stopped on it and started elsewhere; what is only in their containers is lost`,
          ]),
    ];
    await confirm(`Drain ${name}: ${parts.join(", and ")}?`, flags);
    const { message } = await request(core, node.id, { moves: plan.moves.map(({ app }) => app) });
    print(`${message}\n`);
    if (plan.stays.length > 0)
      say(
        `${count(plan.stays.length)} still on ${name}, until the machine stops: ${plan.stays.map(({ app }) => app).join(", ")}`,
      );
    if (plan.moves.length > 0) hint(flags, `"overseer core apps" shows where they are`);
    return EXIT.done;
  });
}

/** Lets a drained node accept deployments again. */
export function undrainNode(name: string, flags: CoreFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const { id } = named("node", name, await nodesOf(core));
    const { body } = await core.client.request({ method: "DELETE", path: drainPath(id) });
    print(`${z.object({ message: z.string() }).parse(body).message}\n`);
    return EXIT.done;
  });
}

async function request({ client }: Core, id: string, body: object) {
  const response = await client.request({ method: "POST", path: drainPath(id), body });
  return z.object({ message: z.string(), plan: CoreDrainPlan }).parse(response.body);
}

function count(apps: number): string {
  return apps === 1 ? "1 app is" : `${apps} apps are`;
}

function drainPath(id: string): string {
  return `/api/nodes/${encodeURIComponent(id)}/drain`;
}

function planText(node: string, { moves, stays }: CoreDrainPlan): string {
  if (moves.length === 0 && stays.length === 0) return `${node} has no apps\n`;
  const rows = [
    ...moves.map(({ app, to }) => [app, `moves to ${to}`, undefined, ""]),
    ...stays.map(({ app, data, reason }) => [app, "stays", data.length === 0 ? undefined : data.join(", "), reason]),
  ];
  return formatTable(["app", "what happens", "data", "why"], rows);
}
