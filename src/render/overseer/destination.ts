import { DOCUMENT_GROUP } from "../../api/documents/group.js";
import { displayId, parseApiVersion } from "../../manifest/object-id.js";
import { idOf, type PreparedDocument } from "../../manifest/to-document.js";
import type { RenderProblem } from "../render-error.js";

/** Reports whether an object is an Overseer Core document of any version. */
export function isForCore({ object }: PreparedDocument): boolean {
  return parseApiVersion(object.apiVersion).group === DOCUMENT_GROUP;
}

/** Reports documents of `overseer.io` that Kustomize or Helm rendered: only those of plain sources are compiled. */
export function refuseForKubernetes(documents: readonly PreparedDocument[]): RenderProblem[] {
  return documents.filter(isForCore).map(({ object, origin }) => ({
    origin,
    object: displayId(idOf(object)),
    message:
      `${object.apiVersion} is not rendered by Kustomize or Helm: ` +
      "put the document into a folder with a source of its own, or set source.plain",
  }));
}

/** Message for a Kubernetes object in a source for an Overseer Core. */
export function refusalForCore({ object }: PreparedDocument): string {
  if (object.kind === "Secret" && object.apiVersion === "v1")
    return "is not encrypted: encrypt the file with SOPS and set source.decryption, or write a Secret of overseer.io/v1, to make secrets of the Core of it";
  return (
    `${object.apiVersion} ${object.kind} goes to Kubernetes; an app with destination.overseer takes overseer.io/v1 ` +
    "documents only: leave the file out with source.exclude or give it an app with destination.kubernetes"
  );
}
