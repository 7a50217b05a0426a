import type { FreezeSpec } from "../../../api/environment-freeze.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import { type ClusterFlags, duration, type OutputFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { formatObjects } from "../../output/objects.js";
import { parseTargetOf } from "../../target.js";
import { print } from "../../terminal.js";

/** Flags of `overseer freeze` and `overseer unfreeze`. */
export interface FreezeFlags extends ClusterFlags, OutputFlags {
  readonly reason?: string;
  /** A time, or a duration from now. */
  readonly until?: string;
}

/** Freezes an Environment, or with `undefined` lifts its freeze, by a patch of its spec. */
export function setFreeze(name: string, isFrozen: boolean, flags: FreezeFlags): Promise<ExitCode> {
  const freeze = isFrozen ? freezeOf(flags) : null;
  return withConnection(flags, async (connection) => {
    const target = parseTargetOf(name, [KINDS.environment]);
    const patched = await connection.setFreeze(target, freeze);
    const { output } = flags;
    if (output === "json" || output === "yaml" || output === "name")
      print(await formatObjects([patched], output, false));
    else print(`${target.name} ${freezeText(patched.spec.freeze)}\n`);
    return EXIT.done;
  });
}

/** Says what the API server has stored. */
export function freezeText(freeze: FreezeSpec | undefined): string {
  if (freeze === undefined) return "is not frozen any more";
  return `is frozen until ${freeze.until ?? "overseer unfreeze"}`;
}

/**
 * Returns `spec.freeze` of the flags.
 *
 * @throws UsageError without a reason, or with an end that is no time in the future.
 */
export function freezeOf({ reason, until }: Pick<FreezeFlags, "reason" | "until">, now = Date.now()): FreezeSpec {
  if (reason === undefined || reason === "")
    throw new UsageError("freeze requires --reason, which every Change that waits shows");
  if (reason.length > 256) throw new UsageError("--reason is too long: 256 characters fit");
  if (until === undefined) return { reason };
  const end = /^[\d.]+[a-z]/.test(until) ? now + duration(until) : Date.parse(until);
  if (Number.isNaN(end))
    throw new UsageError(
      `--until ${JSON.stringify(until)} is no time: use 2026-12-24T18:00:00Z or a duration such as 4h`,
    );
  if (end <= now) throw new UsageError(`--until ${JSON.stringify(until)} is in the past`);
  return { reason, until: new Date(end).toISOString() };
}
