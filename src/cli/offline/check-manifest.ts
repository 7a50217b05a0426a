import { z } from "zod";
import { OverseerAppSetSpec } from "../../api/app-set.js";
import { ApprovalSpec } from "../../api/approval.js";
import { ChangeSpec } from "../../api/change.js";
import { EnvironmentSpec } from "../../api/environment.js";
import { GitRepositorySpec } from "../../api/git-repository.js";
import { API_VERSION } from "../../api/group.js";
import { OverseerAppSpec } from "../../api/overseer-app.js";
import { nearest } from "../../config/nearest.js";
import { brokenRules, type RuledSchema } from "../../manifest/expressions/schema-rules.js";
import { isRecord } from "../../manifest/shape.js";
import type { FoundManifest } from "./find-apps.js";

const SPECS: Readonly<Record<string, z.ZodType>> = {
  OverseerApp: OverseerAppSpec,
  OverseerAppSet: OverseerAppSetSpec,
  GitRepository: GitRepositorySpec,
  Change: ChangeSpec,
  Approval: ApprovalSpec,
  Environment: EnvironmentSpec,
};

/** Returns what is wrong with a manifest of one of our kinds by its schema: types, required, unknown and misspelled fields, and its rules. */
export function checkManifest({ origin, object }: FoundManifest): string[] {
  const what = `${origin}: ${object.kind} ${object.metadata.name}`;
  if (object.apiVersion !== API_VERSION)
    return [`${what}: apiVersion is ${object.apiVersion}, but must be ${API_VERSION}`];
  const schema = SPECS[object.kind];
  if (schema === undefined) {
    const close = nearest(object.kind, Object.keys(SPECS));
    // A newer operator may have further kinds.
    return close === undefined ? [] : [`${what}: there is no kind ${object.kind}: did you mean ${close}?`];
  }
  const result = schema.safeParse(object.spec);
  if (!result.success)
    return result.error.issues.map(({ path, message }) => `${what}: ${["spec", ...path].join(".")}: ${message}`);
  const unknown = unknownFields(object.spec, result.data, "spec").map((field) => `${field} is no known field`);
  return [...unknown, ...brokenRules(ruledSchema(schema), result.data, "spec")].map((problem) => `${what}: ${problem}`);
}

function ruledSchema(schema: z.ZodType): RuledSchema {
  let ruled = schemas.get(schema);
  if (ruled === undefined) {
    ruled = z.toJSONSchema(schema, { io: "input", reused: "inline", unrepresentable: "any" }) as RuledSchema;
    schemas.set(schema, ruled);
  }
  return ruled;
}

const schemas = new Map<z.ZodType, RuledSchema>();

/** Paths of fields that the schema has dropped. */
function unknownFields(written: unknown, parsed: unknown, path: string): string[] {
  if (Array.isArray(written) && Array.isArray(parsed))
    return written.flatMap((item, index) => unknownFields(item, parsed[index], `${path}[${index}]`));
  if (!isRecord(written) || !isRecord(parsed)) return [];
  return Object.entries(written).flatMap(([key, value]) => {
    if (value === null) return [];
    return key in parsed ? unknownFields(value, parsed[key], `${path}.${key}`) : [`${path}.${key}`];
  });
}
