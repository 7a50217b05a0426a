import { countsOf, formatPlan } from "../verbs/plan/format-plan.js";
import type { DocumentChange } from "./diff-documents.js";

/** The differences of one source. */
export interface SourceDiff {
  readonly name: string;
  readonly changes: readonly DocumentChange[];
  /** Why the difference could not be made. */
  readonly error?: string;
  readonly note?: string;
}

/** Formats differences for a person. */
export function formatDiff(diffs: readonly SourceDiff[]): string {
  return diffs
    .filter(({ changes, note }) => changes.length > 0 || note !== undefined)
    .map(
      ({ name, changes, note }) =>
        `${name}: ${countsOf(changes)}\n${note === undefined ? "" : `note: ${note}\n`}${formatPlan({ plan: [...changes] })}`,
    )
    .join("\n");
}

/** Longest comment that Git hosts take is 65,536 characters. */
const MAX_COMMENT = 60_000;
/** Marks the comment, so that a later run can replace it. */
export const COMMENT_MARK = "<!-- overseer-diff -->";

/** Formats differences as a comment of a pull request. What could not be compared comes first. */
export function formatMarkdown(diffs: readonly SourceDiff[], base: string): string {
  const failed = diffs.filter(({ error }) => error !== undefined);
  const changed = diffs.filter(({ changes }) => changes.length > 0);
  const head = [
    COMMENT_MARK,
    `### Overseer GitOps: ${countsOf(changed.flatMap(({ changes }) => changes))}`,
    `Compared with \`${base.replaceAll("`", "")}\`, without a cluster: drift and what the cluster adds are not shown.`,
    ...failed.map(({ error = "" }) => `> **No difference could be made**: ${inline(error)}`),
  ];
  const body = changed.map(({ name, changes, note }) => {
    const text = formatPlan({ plan: [...changes] });
    const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
    const remark = note === undefined ? "" : `${inline(note)}\n\n`;
    return `<details open><summary>${inline(name)}: ${countsOf(changes)}</summary>\n\n${remark}${fence}diff\n${asDiff(text)}${fence}\n</details>`;
  });
  const text = `${[...head, ...body].join("\n\n")}\n`;
  if (text.length <= MAX_COMMENT) return text;
  const short = changed.map(({ name, changes }) => `- ${inline(name)}: ${countsOf(changes)}`);
  return `${[...head, "The differences are too long for a comment; see the log of the job.", ...short].join("\n\n").slice(0, MAX_COMMENT)}\n`;
}

/** Lines begin with + and -, which the fence colors; changed fields as !. */
function asDiff(text: string): string {
  return text.replaceAll(
    /^( *)([+\-~]) /gm,
    (_, indent: string, sign: string) => `${sign === "~" ? "!" : sign} ${indent}`,
  );
}

function inline(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[<>]/g, (char) => (char === "<" ? "&lt;" : "&gt;"));
}
