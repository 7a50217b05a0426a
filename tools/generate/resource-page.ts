import { API_VERSION } from "../../src/api/group.js";
import { type ReasonKind, reasonsOf } from "../../src/api/reasons.js";
import type { ResourceDefinition } from "../../src/api/resources.js";
import { ANNOTATION_TEXTS } from "./annotations.js";
import { CONDITION_TEXTS } from "./conditions.js";
import { buildSchema, CATEGORY, crdName } from "./crd.js";
import { EXAMPLES } from "./examples.js";
import { fieldTable } from "./field-table.js";
import { cell, code, table } from "./markdown.js";
import type { Schema } from "./schema.js";

/** Returns the reference page of a kind. Throws an Error if it has no example or no condition texts. */
export function resourcePage(resource: ResourceDefinition): string {
  const schema = buildSchema(resource);
  const sections = [
    `# ${resource.kind}`,
    "<!-- Generated from src/api; run make generate. -->",
    resource.description,
    facts(resource),
    "## Example",
    `\`\`\`yaml\n${exampleOf(resource.kind).trim()}\n\`\`\``,
    "## Spec",
    ...ruleLines(schema),
    ...part(schema, "spec"),
    "## Status",
    "`status.observedGeneration` is -1 until the first reconcile.",
    ...part(schema, "status"),
    "## Conditions",
    "Conditions marked * are present only while they are True. The others are always present after the first reconcile.",
    conditionTable(resource.kind),
    ...reasonSection(resource.kind),
    ...annotationSection(resource.kind),
    "## Columns of `kubectl get`",
    columnTable(resource),
    ...selectable(resource),
  ];
  return `${sections.join("\n\n")}\n`;
}

function facts(resource: ResourceDefinition): string {
  const names = [...resource.shortNames, resource.singular, resource.plural].map(code).join(", ");
  const scope = resource.scope === "Cluster" ? "cluster-scoped" : "namespaced";
  return `\`apiVersion: ${API_VERSION}\`, ${scope}. Names for \`kubectl get\`: ${names}; in full \`${crdName(resource)}\`. \`kubectl get ${CATEGORY}\` lists all kinds.`;
}

function exampleOf(kind: string): string {
  const example = EXAMPLES.get(kind);
  if (example === undefined) throw new Error(`tools/generate/examples.ts has no example of ${kind}`);
  return example;
}

function part(schema: Schema, name: "spec" | "status"): string[] {
  const child = schema.properties?.[name];
  if (child === undefined) return [];
  const rules = ruleLines(child);
  return [child.description ?? "", ...rules, fieldTable(child, name)];
}

/** Rules on a whole object, which has no row in the field table. */
function ruleLines(schema: Schema): string[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  return rules.length === 0 ? [] : [rules.map(({ message }) => `- Validation error: “${message}”.`).join("\n")];
}

function conditionTable(kind: string): string {
  const conditions = CONDITION_TEXTS.get(kind);
  if (conditions === undefined) throw new Error(`tools/generate/conditions.ts has no conditions of ${kind}`);
  const rows = conditions.map(({ type, abnormal, meaning }) => [`${code(type)}${abnormal ? " *" : ""}`, cell(meaning)]);
  return table(["Condition", "Meaning when True"], rows);
}

function hasReasons(kind: string): kind is ReasonKind {
  return ["GitRepository", "OverseerApp", "OverseerAppSet", "Environment", "NotificationChannel"].includes(kind);
}

/** Reasons of conditions and Events. The reason of a Change's condition is its phase. */
function reasonSection(kind: string): string[] {
  if (!hasReasons(kind))
    return [
      `The reason of each condition is the ${kind === "Approval" ? "state: `Counted`, `Stale` or `NotEligible`" : "phase"}.`,
    ];
  const rows = reasonsOf(kind).map(([reason, { meaning, remedy }]) => [
    code(reason),
    cell(meaning),
    cell(remedy ?? ""),
  ]);
  const intro =
    "Reasons are stable, so programs may match them. When the API server rejects a request, its own reason is used, for example `Forbidden`.";
  return ["### Reasons", intro, table(["Reason", "Meaning", "Remedy"], rows)];
}

function annotationSection(kind: string): string[] {
  const texts = ANNOTATION_TEXTS.filter(({ page }) => page === kind);
  if (texts.length === 0) return [];
  const rows = texts.map(({ annotation, on, meaning }) => [code(annotation), cell(on), cell(meaning)]);
  return ["## Annotations", table(["Annotation", "On", "Effect"], rows)];
}

function columnTable(resource: ResourceDefinition): string {
  const rows = resource.columns.map(({ name, jsonPath, description, priority }) => [
    `${name}${priority === undefined ? "" : " (with `-o wide`)"}`,
    cell(code(jsonPath)),
    cell(description),
  ]);
  return table(["Column", "Path", "Meaning"], rows);
}

function selectable({ selectableFields, plural }: ResourceDefinition): string[] {
  if (selectableFields.length === 0) return [];
  const field = selectableFields[0]?.replace(/^\./, "") ?? "";
  const list = selectableFields.map((path) => `- ${code(path.replace(/^\./, ""))}`).join("\n");
  return ["## Field selectors", list, `For example \`kubectl get ${plural} --field-selector ${field}=<value>\`.`];
}
