import type { Approval } from "../../../api/approval.js";
import type { Change } from "../../../api/change.js";
import type { GitRepository } from "../../../api/git-repository.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import type { RawObject } from "../../../kube/object.js";
import { yamlText } from "../../../manifest/yaml/dump.js";
import type { Connection } from "../../connection/connection.js";
import { eventsOf } from "../../connection/events.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { findKind, KINDS, kindOf } from "../../kinds.js";
import { formatObjects } from "../../output/objects.js";
import { indent } from "../../output/table.js";
import { parseTarget, type Target } from "../../target.js";
import { print } from "../../terminal.js";
import { formatEvents } from "../events/format-events.js";
import { describeApp } from "./app.js";
import { describeChange } from "./change.js";
import { describeApproval, describeRepository } from "./others.js";

/** Runs `overseer describe`. */
export function describe(args: readonly string[], flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  const targets = targetsOf(args);
  return withConnection(flags, async (connection) => {
    const texts: string[] = [];
    const objects: RawObject[] = [];
    for (const target of targets) {
      const object = await connection.get(target);
      objects.push(object);
      if (flags.output === undefined) texts.push(await describeObject(connection, target, object));
    }
    const { output } = flags;
    print(
      output === undefined || output === "wide"
        ? texts.join("\n\n")
        : await formatObjects(objects, output, objects.length !== 1),
    );
    return EXIT.done;
  });
}

/** `app web`, `app/web change/web-1`, or `web` for an app. */
function targetsOf(args: readonly string[]): readonly Target[] {
  const [first = "", ...rest] = args;
  const kind = first.includes("/") ? undefined : rest.length > 0 ? kindOf(first) : findKind(first);
  if (kind === undefined) return args.map((text) => parseTarget(text, KINDS.app));
  if (rest.length === 0) throw new UsageError(`name the ${kind.kind} as well: overseer describe ${first} NAME`);
  return rest.map((text) => parseTarget(text, kind));
}

async function describeObject(connection: Connection, { kind }: Target, object: RawObject): Promise<string> {
  const events = await eventsOf(connection, object.metadata.namespace ?? "", [object.metadata.uid]);
  const text = format(kind.kind, object);
  return events.length === 0 ? text : `${text}Events:\n${indent(formatEvents(events))}`;
}

function format(kind: string, object: unknown): string {
  if (kind === "OverseerApp") return describeApp(object as OverseerApp);
  if (kind === "Change") return describeChange(object as Change, { plan: true });
  if (kind === "GitRepository") return describeRepository(object as GitRepository);
  if (kind === "Approval") return describeApproval(object as Approval);
  return yamlText(object);
}
