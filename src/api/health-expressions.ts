import { z } from "zod";
import { atomicList } from "./fields.js";

const expression = (description: string): z.ZodString =>
  z.string().min(1).max(1024).describe(`${description} A CEL expression about the fields of the object.`);

/** How the health of the objects of one kind is computed, in the form of `healthCheckExprs` of Flux. */
export const HealthExpression = z
  .object({
    apiVersion: z
      .string()
      .min(1)
      .max(317)
      .regex(/^([a-z0-9.-]+\/)?v[0-9][a-z0-9]*$/)
      .describe(
        "API version of the kind, for example example.com/v1. The group decides; all versions of it are meant.",
      ),
    kind: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[A-Za-z][A-Za-z0-9]*$/)
      .describe("The kind."),
    inProgress: expression("Progressing if true. Evaluated first.").optional(),
    failed: expression("Degraded if true. Evaluated second.").optional(),
    suspended: expression("Suspended if true. Evaluated third.").optional(),
    current: expression("Healthy if true. Evaluated last; if no expression is true, the object is Progressing."),
  })
  .describe("Health of the objects of one kind.");
export type HealthExpression = z.infer<typeof HealthExpression>;

/** Health of kinds by expressions, instead of the rules of the operator. */
export const HealthExpressions = atomicList(
  HealthExpression,
  32,
  "Health of kinds by CEL expressions, instead of the rules of the operator. The fields of the object are the variables: apiVersion, kind, metadata, spec, status. The first entry of a kind counts.",
);
