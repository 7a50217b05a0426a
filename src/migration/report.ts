import type { Conversion, ImportResult } from "./conversion.js";
import type { FindingLevel } from "./finding.js";

const HEADINGS: readonly (readonly [FindingLevel, string])[] = [
  ["blocked", "Not converted because of"],
  ["manual", "To be done"],
  ["difference", "Different"],
];

/** Numbers of objects of a result. */
export interface ImportCounts {
  readonly objects: number;
  readonly blocked: number;
  readonly apps: number;
  readonly repositories: number;
  readonly sets: number;
}

/** Counts what an import has made. */
export function countsOf({ manifests, conversions }: ImportResult): ImportCounts {
  const apps = manifests.filter(({ kind }) => kind === "OverseerApp").length;
  const blocked = conversions.filter(({ findings }) => findings.some(({ level }) => level === "blocked")).length;
  const repositories = manifests.filter(({ kind }) => kind === "GitRepository").length;
  return { objects: conversions.length, blocked, apps, repositories, sets: manifests.length - apps - repositories };
}

/** `12 objects: 9 apps and 2 repositories written, 1 object not converted`. */
export function summaryOf(result: ImportResult): string {
  const { objects, blocked, apps, repositories, sets } = countsOf(result);
  const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
  return `${plural(objects, "object")} read: ${plural(apps, "app")} and ${plural(repositories, "repository", "repositories")}${sets === 0 ? "" : `, ${plural(sets, "set")}`} written, ${plural(blocked, "object")} not converted`;
}

/** The report in Markdown: each object with what it becomes, what is different and what is to be done. */
export function formatReport(result: ImportResult, tool: string): string {
  const blocked = result.conversions.filter(isBlocked);
  const others = result.conversions.filter((conversion) => !isBlocked(conversion));
  return [
    `# Import from ${tool}\n`,
    `${summaryOf(result)}.\n`,
    "The apps change nothing by themselves: `sync.mode` is `Manual`, and `prune` and `selfHeal` are off. `overseer take-over` adopts the objects and sets the final policy, which is in the annotation `gitops.overseer.io/imported-policy`.\n",
    ...reasons(blocked),
    ...[...blocked, ...others].map(formatConversion),
  ].join("\n");
}

/** How many objects a reason must concern to be listed at the beginning. */
const MANY = 3;

/** Reasons that many objects share, the most frequent ones first: what to do about them converts many. */
function reasons(blocked: readonly Conversion[]): readonly string[] {
  const found = new Map<string, Set<string>>();
  for (const { kind, namespace, name, findings } of blocked)
    for (const { level, message } of findings)
      if (level === "blocked")
        found.set(message, (found.get(message) ?? new Set()).add(`${kind} ${namespace}/${name}`));
  const shared = [...found].filter(([, objects]) => objects.size >= MANY).sort(([, a], [, b]) => b.size - a.size);
  if (shared.length === 0) return [];
  const lines = shared.map(
    ([message, objects]) => `- ${objects.size} objects, such as ${[...objects][0]}: ${oneLine(message)}`,
  );
  return ["## Why objects were not converted\n", ...lines, ""];
}

function isBlocked({ findings }: Conversion): boolean {
  return findings.some(({ level }) => level === "blocked");
}

function formatConversion(conversion: Conversion): string {
  const { kind, namespace, name, results, findings, converted } = conversion;
  const lines = [`## ${kind} ${namespace}/${name}`, ""];
  if (results.length > 0) lines.push(`Becomes ${results.join(", ")}.`, "");
  for (const [level, heading] of HEADINGS) {
    const found = findings.filter((finding) => finding.level === level);
    if (found.length === 0) continue;
    lines.push(
      `${heading}:`,
      "",
      ...found.map(({ field, message }) => `- ${field === "" ? "" : `\`${oneLine(field)}\`: `}${oneLine(message)}`),
      "",
    );
  }
  if (converted.length > 0)
    lines.push(`Converted: ${converted.map((field) => `\`${oneLine(field)}\``).join(", ")}.`, "");
  return lines.join("\n");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("`", "'");
}
