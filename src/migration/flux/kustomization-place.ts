import { listOrNone } from "../argocd/kustomize.js";
import type { InputObject } from "../conversion.js";
import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { missingRepository, type OriginalPlace, originOf } from "./artifact-generator.js";
import type { FluxContext } from "./context.js";
import { type ArtifactRules, artifactOf } from "./source-ignore.js";

/** Repository and path of a Kustomization. Where it has none, the report says why, and what to do. */
export function placeOf(
  spec: Fields,
  path: string,
  object: InputObject,
  context: FluxContext,
  findings: Findings,
): OriginalPlace {
  const reference = spec.object("sourceRef");
  const kind = reference?.text("kind");
  const source = {
    namespace: reference?.text("namespace") ?? object.metadata.namespace ?? "default",
    name: reference?.text("name") ?? "",
  };
  reference?.ignore("apiVersion");
  const place = kind === "ExternalArtifact" ? originOf(source, path, context) : { repository: source, path };
  const missing = typeof place === "string" ? place : missingRepository(place.repository, context);
  if (kind !== "GitRepository" && kind !== "ExternalArtifact")
    findings.add(
      "blocked",
      "spec.sourceRef.kind",
      `${kind ?? "nothing"} is not supported as a source: commit the manifests to Git, and use a GitRepository`,
    );
  else if (missing !== undefined) findings.add("blocked", "spec.sourceRef", missing);
  return typeof place === "string" ? { repository: source, path } : place;
}

/** The files below the path that Flux has in its artifact. */
export function selectionIn(
  rules: ArtifactRules,
  repository: string,
  { path, include: copied }: Pick<OriginalPlace, "path" | "include">,
  findings: Findings,
): { readonly include?: readonly string[] | undefined; readonly exclude?: readonly string[] | undefined } {
  const { fields, selection } = artifactOf(rules, path);
  const from = `${fields.join(" and ")} of ${repository}`;
  if (typeof selection === "string") {
    findings.add(
      "blocked",
      "spec.sourceRef",
      `${from} cannot be converted for this path: ${selection}. Write it in other patterns in spec.ignore, wait until Flux has applied that, and import again`,
    );
    return {};
  }
  if (copied !== undefined && selection.include !== undefined)
    findings.add(
      "blocked",
      "spec.sourceRef",
      `${from} and an ArtifactGenerator both select files: write source.include by hand`,
    );
  const include = selection.include ?? copied;
  const exclude = listOrNone(selection.exclude);
  if (selection.include !== undefined || exclude !== undefined)
    findings.add(
      "difference",
      "spec.sourceRef",
      `${from} becomes ${[selection.include && "source.include", exclude && "source.exclude"].filter(Boolean).join(" and ")}. A kustomization at the path is used as it is`,
    );
  return { include, exclude };
}
