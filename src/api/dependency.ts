import { z } from "zod";
import { namespaceName, objectName } from "./fields.js";

/** An app that must be healthy before another one is synced. */
export const Dependency = z
  .object({
    name: objectName("Name of the OverseerApp."),
    namespace: namespaceName(
      "Namespace of the OverseerApp. Defaults to the namespace of this app. In another namespace, its allowedNamespaces must include the namespace of this app.",
    ).optional(),
    sameRevision: z
      .boolean()
      .optional()
      .describe(
        "Also wait until the OverseerApp has applied the commit of this app. Both must use the same GitRepository. Defaults to false.",
      ),
  })
  .describe("An OverseerApp that must be Ready and Healthy.");
export type Dependency = z.infer<typeof Dependency>;
