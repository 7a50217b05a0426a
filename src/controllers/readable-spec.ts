import type { z } from "zod";
import { RESOURCES } from "../api/resources.js";

const SCHEMAS: ReadonlyMap<string, z.ZodType> = new Map(RESOURCES.map(({ kind, spec }) => [kind, spec]));

/**
 * Returns why the spec of a custom resource cannot be read, or undefined: a field is missing or of another type, which the API server
 * accepts only if its definition is not that of this version. Values that other versions may have permitted can be read.
 */
export function unreadableSpec(kind: string, spec: unknown): string | undefined {
  const issue = SCHEMAS.get(kind)?.safeParse(spec).error?.issues.find(isOfShape);
  return issue && `${["spec", ...issue.path.map(String)].join(".")}: ${issue.message}`;
}

type Issue = Pick<z.core.$ZodIssue, "code"> & { readonly errors?: readonly (readonly Issue[])[] };

function isOfShape({ code, errors }: Issue): boolean {
  return (
    code === "invalid_type" || (code === "invalid_union" && (errors ?? []).every((option) => option.some(isOfShape)))
  );
}
