import { z } from "zod";

export { DOCUMENT_API_VERSION, DOCUMENT_GROUP } from "./group.js";

/** Name of a document: a DNS label that leaves room for what is made of it. */
export const DocumentName = z
  .string()
  .min(1)
  .max(53)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "expected lower case letters, digits and - between them");

/** What names a document. */
export const DocumentMetadata = z
  .strictObject({
    name: DocumentName.describe("Name, unique among the documents of its kind."),
    namespace: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "expected lower case letters, digits and - between them")
      .optional()
      .describe("Namespace; a Core keeps it as metadata only."),
    labels: z.record(z.string(), z.string()).optional().describe("Labels, for people and tools."),
    annotations: z.record(z.string(), z.string()).optional().describe("Annotations, for people and tools."),
  })
  .describe("What names the document.");
