import { z } from "zod";
import type { Problem } from "./schema.js";

/** JSON Schema as zod writes it: nothing about it is taken for granted. */
export type RawSchema = Readonly<Record<string, unknown>>;

/** The parts of a zod schema's definition that tell of rules which JSON Schema cannot carry. */
interface Definition {
  readonly type?: string;
  readonly checks?: readonly Check[];
  readonly keyType?: { readonly _zod: { readonly def: unknown } };
}

interface Check {
  readonly _zod?: { readonly def?: { readonly check?: string; readonly pattern?: unknown } };
}

/**
 * The JSON Schema of what a user may write (so that fields with a default are not required), and the rules that would
 * get lost on the way: zod drops refinements, flags of patterns and rules on the keys of a record without a word.
 */
export function fromZod(
  schema: z.ZodType,
  path: string,
): { readonly raw: RawSchema; readonly lost: readonly Problem[] } {
  const lost: Problem[] = [];
  const raw = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input",
    unrepresentable: "throw",
    cycles: "throw",
    reused: "inline",
    override: ({ zodSchema, path: at }) => {
      for (const message of lostRules(zodSchema)) lost.push({ path: dotted(path, at), message });
    },
  });
  return { raw, lost: dedupe(lost) };
}

function lostRules(schema: z.core.$ZodType): string[] {
  const definition = schema._zod.def as Definition;
  const checks = (definition.checks ?? []).map((check) => check._zod?.def);
  const key = definition.keyType?._zod.def as Definition | undefined;
  const found: string[] = [];
  if (checks.some((check) => check?.check === "custom")) {
    found.push("a refinement does not reach the API server: write it as a CEL rule");
  }
  if (checks.some((check) => check?.pattern instanceof RegExp && check.pattern.flags !== "")) {
    found.push("the flags of a pattern do not reach the API server");
  }
  if (key !== undefined && (key.type !== "string" || (key.checks ?? []).length > 0)) {
    found.push("rules on the keys of a record do not reach the API server: write them as a CEL rule");
  }
  return found;
}

/** `properties.a.items` → `root.a[]`. */
function dotted(root: string, path: readonly (string | number)[]): string {
  const parts = path.map(String);
  let text = root;
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === "properties") text += `.${parts[++i]}`;
    else if (parts[i] === "items") text += "[]";
    else if (parts[i] === "additionalProperties") text += "[key]";
  }
  return text;
}

function dedupe(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
}
