import { z } from "zod";
import { CoreNodeConfig } from "../core/node.js";
import { DOCUMENT_API_VERSION, DocumentMetadata } from "./metadata.js";

/** Configuration of a node that registers with its agent. */
export const NodeDocument = z
  .strictObject({
    apiVersion: z.literal(DOCUMENT_API_VERSION),
    kind: z.literal("Node"),
    metadata: DocumentMetadata,
    spec: CoreNodeConfig.prefault({}).describe("Configuration of the node."),
  })
  .describe("Configuration of a node. The node itself is registered by its agent.");
export type NodeDocument = z.infer<typeof NodeDocument>;
