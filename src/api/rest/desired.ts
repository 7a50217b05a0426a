import { z } from "zod";
import { FieldChange } from "../change.js";
import { HEALTH } from "../overseer-app.js";

const Text = (max: number) => z.string().min(1).max(max);

/** Identifies an object. */
export const ObjectQuery = z.strictObject({
  apiVersion: Text(256).describe("apiVersion of the object, for example apps/v1."),
  kind: Text(63).describe("Kind of the object."),
  namespace: z.string().max(63).optional().describe("Namespace of the object. Unset for objects without one."),
  name: Text(253).describe("Name of the object."),
});
export type ObjectQuery = z.infer<typeof ObjectQuery>;

/** Which inputs of an app are asked for. */
export const DocumentsQuery = z.strictObject({
  inputs: z
    .enum(["applied", "newest"])
    .optional()
    .describe("applied (default): those that drift is reverted to. newest: those of the last attempt, which may wait."),
});

/** A document of an app, by name. */
export const DesiredDocument = z
  .object({
    apiVersion: z.string(),
    kind: z.string(),
    namespace: z.string().optional(),
    name: z.string(),
    file: z.string().describe("File in the repository."),
    line: z.int().optional().describe("First line of the document. Unset if it was rendered."),
  })
  .describe("A document of an app, by name.");
export type DesiredDocument = z.infer<typeof DesiredDocument>;

/** The documents of an app. */
export const DesiredDocuments = z
  .object({ revision: z.string().describe("Revision that they were rendered from."), items: z.array(DesiredDocument) })
  .describe("The documents of an app.");
export type DesiredDocuments = z.infer<typeof DesiredDocuments>;

/** An object of an app: as it is desired, and how the live one differs. */
export const ObjectComparison = z
  .object({
    revision: z.string(),
    file: z.string(),
    line: z.int().optional(),
    desired: z
      .looseObject({})
      .describe("The document. Values of Secrets, and values that look like secrets, are masked."),
    exists: z.boolean().describe("Whether there is a live object."),
    differences: z
      .array(FieldChange)
      .describe("Fields that the document sets and the live object has not, or has otherwise. Masked."),
    omitted: z.int().describe("Number of further differences."),
  })
  .describe("An object of an app: as it is desired, and how the live one differs.");
export type ObjectComparison = z.infer<typeof ObjectComparison>;

/** Live objects of an app at a destination that the operator observes. */
export const ObservedObjects = z.object({
  items: z.array(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      namespace: z.string().optional(),
      name: z.string(),
      uid: z.string(),
      health: z.enum(HEALTH),
      message: z.string().optional(),
    }),
  ),
  incomplete: z.string().optional().describe("Why objects may be missing."),
});
export type ObservedObjects = z.infer<typeof ObservedObjects>;
