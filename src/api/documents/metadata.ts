import { z } from "zod";

export { DOCUMENT_API_VERSION, DOCUMENT_GROUP } from "./group.js";

/** Name of a document: a DNS label, short enough for the names derived from it. */
export const DocumentName = z
  .string()
  .min(1)
  .max(53)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "expected lowercase letters, digits and - between them");

/** Metadata of a document. */
export const DocumentMetadata = z
  .strictObject({
    name: DocumentName.describe("Name. Must be unique among the documents of its kind."),
    namespace: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "expected lowercase letters, digits and - between them")
      .optional()
      .describe("Namespace. A Core stores it as metadata only."),
    labels: z.record(z.string(), z.string()).optional().describe("Labels."),
    annotations: z.record(z.string(), z.string()).optional().describe("Annotations."),
  })
  .describe("Metadata of the document.");
