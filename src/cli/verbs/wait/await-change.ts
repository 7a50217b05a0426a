import { isFinal } from "../../../api/change.js";
import { shortRevision } from "../../../api/short-revision.js";
import { formatDuration } from "../../../base/duration.js";
import type { Reader } from "../../connection/connection.js";
import { follow } from "../../connection/follow.js";
import type { LiveApp, LiveChange } from "../../connection/live.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import { hint } from "../../terminal.js";
import { deadline } from "./deadline.js";

/** How a Change is waited for. */
export interface AwaitOptions {
  readonly timeoutMs: number;
  readonly quiet?: boolean;
}

/**
 * Waits until a Change has ended, and returns it. Each phase is printed once. A Change that another one has replaced is followed to that
 * one.
 *
 * @throws CommandError after the timeout, with what is missing, or if the Change was deleted.
 */
export async function awaitChange(reader: Reader, first: LiveChange, options: AwaitOptions): Promise<LiveChange> {
  const { signal, left } = deadline(options.timeoutMs);
  let change = first;
  for (const seen = new Set<string>(); ; ) {
    seen.add(change.metadata.name);
    change = await untilFinal(reader, change, options, signal);
    if (change.status?.phase !== "Superseded") return change;
    const { namespace = "" } = change.metadata;
    const app = await reader.find<LiveApp>({ kind: KINDS.app, namespace, name: change.spec.app.name });
    const next = app?.status?.change?.name;
    if (next === undefined || seen.has(next) || left() <= 0) return change;
    hint(options, `${change.metadata.name} was replaced by ${next}`);
    change = await reader.get<LiveChange>({ kind: KINDS.change, namespace, name: next });
  }
}

async function untilFinal(
  reader: Reader,
  change: LiveChange,
  options: AwaitOptions,
  signal: AbortSignal,
): Promise<LiveChange> {
  const { name, namespace = "", uid } = change.metadata;
  let printed = "";
  let last: LiveChange = change;
  for await (const object of follow<LiveChange>(reader, { kind: KINDS.change, namespace, name }, signal)) {
    if (object === undefined || object.metadata.uid !== uid)
      throw new CommandError(`Change ${namespace}/${name} was deleted before it ended`, EXIT.failed);
    last = object;
    const text = progressOf(object);
    if (text !== printed) hint(options, text);
    printed = text;
    if (isFinal(object.status?.phase)) return object;
  }
  throw new CommandError(
    `Change ${namespace}/${name} has not ended within ${formatDuration(options.timeoutMs)}: ${progressOf(last)}`,
    EXIT.timeout,
  );
}

/** What a Change does now, in a line. */
export function progressOf({ metadata, status }: LiveChange): string {
  const phase = status?.phase ?? "Planning";
  const detail = phase === "Waiting" ? (status?.waitingFor ?? status?.message) : status?.message;
  return `${metadata.name}: ${phase}${detail === undefined ? "" : `: ${shortRevision(detail, 12)}`}`;
}
