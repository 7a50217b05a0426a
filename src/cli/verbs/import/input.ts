import type { ArgoCredential } from "../../../migration/argocd/secrets.js";
import type { InputObject } from "../../../migration/conversion.js";

/** A tool that apps can be imported from. */
export type Tool = "argocd" | "flux";

/** What an import reads. */
export interface ImportInput {
  readonly objects: readonly InputObject[];
  readonly credentials: readonly ArgoCredential[];
  /** Files that could not be read. */
  readonly problems: readonly string[];
  /** Where it was looked for, for messages. */
  readonly place: string;
}
