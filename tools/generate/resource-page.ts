import { API_VERSION } from "../../src/api/group.js";
import type { ResourceDefinition } from "../../src/api/resources.js";
import { ANNOTATION_TEXTS } from "./annotations.js";
import { CONDITION_TEXTS } from "./conditions.js";
import { buildSchema, CATEGORY, crdName } from "./crd.js";
import { EXAMPLES } from "./examples.js";
import { fieldTable } from "./field-table.js";
import { cell, code, table } from "./markdown.js";
import { REASONS } from "./reasons.js";
import type { Schema } from "./schema.js";

/** The page of one kind, field by field. Throws an Error when its example or its conditions were not written. */
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
    "Written by the operator. `status.observedGeneration` is -1 until the operator has looked at the object.",
    ...part(schema, "status"),
    "## Conditions",
    "A condition without a mark is always there once the operator has looked; one marked * is there only while it is True.",
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
  return `\`apiVersion: ${API_VERSION}\`, namespaced. \`kubectl get\` knows it as ${names} and in full as \`${crdName(resource)}\`; \`kubectl get ${CATEGORY}\` shows it with the other kinds.`;
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

/** Rules on a whole object have no row to stand in. */
function ruleLines(schema: Schema): string[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  return rules.length === 0 ? [] : [rules.map(({ message }) => `- Refused with: “${message}”.`).join("\n")];
}

function conditionTable(kind: string): string {
  const conditions = CONDITION_TEXTS.get(kind);
  if (conditions === undefined) throw new Error(`tools/generate/conditions.ts has no conditions of ${kind}`);
  const rows = conditions.map(({ type, abnormal, meaning }) => [`${code(type)}${abnormal ? " *" : ""}`, cell(meaning)]);
  return table(["Condition", "Meaning when True"], rows);
}

/** Reasons of conditions and Events; a Change has its phase for a reason. */
function reasonSection(kind: string): string[] {
  const rows = REASONS.filter(({ kinds }) => kinds.some((one) => one === kind)).map(({ reason, meaning }) => [
    code(reason),
    cell(meaning),
  ]);
  if (rows.length === 0) return ["The reason of each condition is the phase."];
  const intro =
    "Reasons are stable: programs may match them. Besides these, the reason that the API server gives for a refusal is passed on, for example `Forbidden`.";
  return ["### Reasons", intro, table(["Reason", "Meaning"], rows)];
}

function annotationSection(kind: string): string[] {
  const texts = ANNOTATION_TEXTS.filter(({ page }) => page === kind);
  if (texts.length === 0) return [];
  const rows = texts.map(({ annotation, on, meaning }) => [code(annotation), cell(on), cell(meaning)]);
  return ["## Annotations", table(["Annotation", "On", "What it does"], rows)];
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
