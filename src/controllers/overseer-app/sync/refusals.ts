import type { Refusal } from "../../../api/change.js";
import { cutMessage } from "../../../api/conditions.js";
import { cutMiddle } from "../../../base/cut-text.js";
import type { GitSnapshot } from "../../../git/engine.js";
import { formatOrigin, type Origin } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import type { DocumentFault, RefusedWrite } from "../../../plan/actions.js";
import { FieldLineFinder } from "./field-lines.js";

/** Maximum length of the refusals in a condition, without revision and remarks. */
const MAX_LINES = 800;
/** Maximum length of one refusal. */
const MAX_LINE = 640;
/** Maximum number and size of the refusals in a Change. */
const MAX_REFUSALS = 500;
const MAX_BYTES = 128 * 1024;

/** The refused writes of a plan, for a condition and for the Change. */
export interface RefusalReport {
  /** As many refusals as fit, each with its full cause. */
  readonly message: string;
  /** The first refusal alone. */
  readonly brief: string;
  readonly refusals: readonly Refusal[];
}

/** Describes refused writes, one line per fault, ordered by file. `others` is the number of accepted changed objects. */
export async function describeRefusals(
  refused: readonly RefusedWrite[],
  others: number,
  snapshot: GitSnapshot | undefined,
): Promise<RefusalReport> {
  const faults = await locateFaults(refused, snapshot);
  const head =
    refused.length === 1 ? "" : `${refused.length} of ${refused.length + others} changed objects are refused: `;
  const seen = new Set<string>();
  const lines = faults.map(({ where, object, message }) => {
    const line = cutMiddle(`${where}: ${object}: ${seen.has(message) ? "the same" : message}`, MAX_LINE);
    seen.add(message);
    return line;
  });
  const more = faults.length - 1;
  return {
    message: `${head}${joinWhole(lines, MAX_LINES)} (nothing was written)`,
    brief: `${head}${lines[0] ?? ""}${more > 0 ? `; and ${more} more, listed in the Change` : ""}`,
    refusals: bounded(
      faults.map(({ where, object, message }) => ({ object, origin: where, message: cutMessage(message) })),
    ),
  };
}

/** Joins as many lines as fit, at least the first, and counts the others. */
export function joinWhole(lines: readonly string[], max: number): string {
  let text = lines[0] ?? "";
  let shown = 1;
  while (shown < lines.length && text.length + 2 + (lines[shown]?.length ?? 0) <= max) text += `; ${lines[shown++]}`;
  return shown < lines.length ? `${text}; and ${lines.length - shown} more` : text;
}

interface LocatedFault {
  readonly origin: Origin;
  readonly where: string;
  readonly object: string;
  readonly message: string;
}

async function locateFaults(
  refused: readonly RefusedWrite[],
  snapshot: GitSnapshot | undefined,
): Promise<readonly LocatedFault[]> {
  const lines = new FieldLineFinder(snapshot);
  const located: LocatedFault[] = [];
  for (const { action, message, faults = [] } of refused) {
    const { origin, id } = action.document;
    const object = displayId(id);
    const whole: DocumentFault = { path: [], message };
    for (const fault of faults.length > 0 ? faults : [whole]) {
      const at = await lines.find({ origin: fault.origin ?? origin, path: fault.path });
      located.push({ origin: at, where: formatOrigin(at), object, message: fault.message });
    }
  }
  return located.sort(inOrder);
}

function inOrder(a: LocatedFault, b: LocatedFault): number {
  if (a.origin.file !== b.origin.file) return a.origin.file < b.origin.file ? -1 : 1;
  const [lineOfA = 0, lineOfB = 0] = [a.origin.line, b.origin.line];
  if (lineOfA !== lineOfB) return lineOfA - lineOfB;
  const [left, right] = [`${a.object} ${a.message}`, `${b.object} ${b.message}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function bounded(refusals: readonly Refusal[]): readonly Refusal[] {
  let bytes = 0;
  const fit = refusals.filter((refusal, index) => {
    bytes += Buffer.byteLength(JSON.stringify(refusal));
    return index < MAX_REFUSALS && bytes <= MAX_BYTES;
  });
  return fit;
}
