import type { Bundle } from "./binary-catalog.js";
import { ARGO_VERSION, FLUX_HELM_VERSION, FLUX_KUSTOMIZE_VERSION } from "./versions.js";

/** Returns the bundle of a controller of Flux, which tests run beside the operator. Its releases are images only. */
export function fluxBundle(name: "kustomize-controller" | "helm-controller"): Bundle {
  const version = name === "helm-controller" ? FLUX_HELM_VERSION : FLUX_KUSTOMIZE_VERSION;
  // Both share nearly all packages, which are compiled once.
  const takes = name === "helm-controller" ? "about 1 minute" : "about 4 minutes";
  const go = { module: "flux", package: `github.com/fluxcd/${name}`, ldflags: "-s -w", takes };
  return { name, version, programs: [name], release: {}, go, inNpmPackage: false };
}

/**
 * Returns the bundle of those parts of Argo CD that sync Applications, in one program with their store, which tests run beside the operator.
 * The release is a program with everything.
 */
export function argoBundle(): Bundle {
  const name = "argocd-parts";
  const go = { module: "argocd", package: ".", ldflags: "-s -w", takes: "about 7 minutes" };
  return { name, version: ARGO_VERSION, programs: [name], release: {}, go, inNpmPackage: false };
}
