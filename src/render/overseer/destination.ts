import { DOCUMENT_GROUP } from "../../api/documents/group.js";
import { displayId, parseApiVersion } from "../../manifest/object-id.js";
import { idOf, type PreparedDocument } from "../../manifest/to-document.js";
import type { RenderProblem } from "../render-error.js";

/** Reports whether an object is an Overseer Core document of any version. */
export function isForCore({ object }: PreparedDocument): boolean {
  return parseApiVersion(object.apiVersion).group === DOCUMENT_GROUP;
}

/** Reports Overseer Core documents in a source for Kubernetes, with a clearer message than the API server's. */
export function refuseForKubernetes(documents: readonly PreparedDocument[]): RenderProblem[] {
  return documents.filter(isForCore).map(({ object, origin }) => ({
    origin,
    object: displayId(idOf(object)),
    message:
      `${object.apiVersion} goes to an Overseer Core, and this app to Kubernetes: ` +
      "give it an app with destination.overseer, or leave the file out with source.exclude",
  }));
}

/** Message for a Kubernetes object in a source for an Overseer Core. */
export function refusalForCore({ object }: PreparedDocument): string {
  return (
    `${object.apiVersion} ${object.kind} goes to Kubernetes; an app with destination.overseer takes overseer.io/v1 ` +
    "documents only: leave the file out with source.exclude or give it an app with destination.kubernetes"
  );
}
