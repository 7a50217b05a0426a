import type { Change, ChangeStatus, FieldChange, PlannedAction } from "../../api/change.js";
import { isFinal } from "../../api/change.js";

/** What to comment about the plan of a Change, on the open pull request whose newest commit is that of the Change. */
export interface PlanComment {
  readonly commit: string;
  /** Markdown, without the mark. */
  readonly text: string;
  /** Whether a comment is written where there is none yet: the Change waits, or is a plan only. Otherwise one is only updated. */
  readonly isNew: boolean;
  /** Whether the Change waits: its pull request may be opened later. */
  readonly isWaiting: boolean;
}

/** Bytes of a comment: less than all hosts take. */
const MAX_BYTES = 60_000;
/** Characters of one line. */
const MAX_LINE = 300;

/** Order of the actions: what cannot be undone comes first. */
const ORDER: readonly PlannedAction["verb"][] = [
  "Delete",
  "Recreate",
  "HandOver",
  "Adopt",
  "Update",
  "Create",
  "Hook",
  "Keep",
];
/** Signs of the actions. A line that begins with -, ! or + is colored. */
const SIGNS: Readonly<Record<PlannedAction["verb"], string>> = {
  Delete: "-",
  Recreate: "!",
  HandOver: "!",
  Adopt: "!",
  Update: "!",
  Create: "+",
  Hook: "+",
  Keep: " ",
};

/** Returns what to comment about a Change; undefined while it is being applied, and if its commit is not known. */
export function planComment(change: Change, status: ChangeStatus, commit: string | undefined): PlanComment | undefined {
  const { phase } = status;
  const isWaiting = phase === "Waiting";
  if (commit === undefined || (!isWaiting && !isFinal(phase))) return undefined;
  const { namespace, name } = change.metadata;
  const state = status.message ?? status.waitingFor;
  const head = [
    `### Overseer GitOps: ${namespace}/${change.spec.app.name}`,
    `Change \`${name}\` of commit \`${commit.slice(0, 12)}\`: **${phase}**, plan ${status.summary ?? "not known"}`,
  ];
  // In a fence, nothing is a link, an image or the name of a user.
  const about = state === undefined ? [] : [fenced(oneLine(state), "text")];
  const text = [...head, ...about].join("\n\n");
  const lines = planLines(status);
  const plan = lines.length === 0 ? "" : `\n\n${fenced(fitting(lines, MAX_BYTES - Buffer.byteLength(text)), "diff")}`;
  return { commit, text: `${text}${plan}\n`, isNew: isWaiting || phase === "Planned", isWaiting };
}

function planLines({ plan = [], omitted = 0, planIncomplete }: ChangeStatus): string[] {
  const lines = ORDER.flatMap((verb) => plan.filter((action) => action.verb === verb)).flatMap(actionLines);
  if (omitted > 0) lines.push(`… and ${omitted} more action${omitted === 1 ? "" : "s"}`);
  if (planIncomplete !== undefined) lines.push(oneLine(`The plan is not shown completely: ${planIncomplete}`));
  return lines;
}

function actionLines({ verb, object, origin, reason, diff = [] }: PlannedAction): string[] {
  const place = origin === undefined ? "" : `  ${origin}`;
  const why = reason === undefined ? "" : `  (${reason})`;
  const isSecret = /^Secret(\s|$)/.test(object);
  return [
    oneLine(`${SIGNS[verb]} ${verb.toLowerCase()} ${object}${place}${why}`),
    ...diff.map((field) => oneLine(fieldLine(field, isSecret))),
  ];
}

/** A field of a Secret is named without its values, masked as they are. */
function fieldLine({ path, from, to }: FieldChange, isSecret: boolean): string {
  const sign = from === undefined ? "+" : to === undefined ? "-" : "!";
  if (isSecret) return `${sign}     ${path}`;
  if (from === undefined || to === undefined) return `${sign}     ${path}: ${to ?? from}`;
  return `${sign}     ${path}: ${from} → ${to}`;
}

/** As many lines as fit, and the number of the others. */
function fitting(lines: readonly string[], bytes: number): string {
  let left = bytes - 200;
  const kept = lines.findIndex((line) => {
    left -= Buffer.byteLength(line) + 1;
    return left < 0;
  });
  if (kept === -1) return lines.join("\n");
  const rest = lines.length - kept;
  return [...lines.slice(0, kept), `… and ${rest} more line${rest === 1 ? "" : "s"}: kubectl describe the Change`].join(
    "\n",
  );
}

function fenced(text: string, language: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trimEnd();
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE - 1)}…`;
}
