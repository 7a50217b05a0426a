import { z } from "zod";
import { metadataTexts } from "./common-metadata.js";
import { atomicMap } from "./fields.js";

/** Namespace of an app that the operator creates if it is missing. */
export const CreateNamespace = atomicMap(
  z.object({
    labels: metadataTexts(63, "Labels of the namespace."),
    annotations: metadataTexts(4096, "Annotations of the namespace."),
  }),
).describe(
  "Creates the namespace of destination.kubernetes before the first object and hook of a Change if it does not exist. Labels and annotations are set on existing namespaces, too, but never in place of other values that another client has set. The namespace does not belong to the app: it is never deleted by the operator. Needs permission to get, create and patch it. {} sets no labels and annotations. If unset, a missing namespace is an error. Only for Kubernetes.",
);
export type CreateNamespace = z.infer<typeof CreateNamespace>;
