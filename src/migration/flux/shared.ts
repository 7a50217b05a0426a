import type { InputObject } from "../conversion.js";
import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { defined, type FinalPolicy } from "../new-app.js";
import { reportMoved } from "./context.js";

/** What happens to the objects when the app is deleted. */
export function deletionPolicyOf(
  policy: string | undefined,
  prune: boolean,
  spec: Fields,
  findings: Findings,
): FinalPolicy["deletionPolicy"] {
  const mirror = prune ? "Delete" : "Orphan";
  if (policy === undefined || policy === "MirrorPrune") return mirror;
  if (policy === "Orphan" || policy === "Delete") return policy;
  if (policy === "WaitForTermination") {
    findings.add(
      "difference",
      spec.pathOf("deletionPolicy"),
      "the app is gone when its objects are gone: set sync.deletePropagation: Foreground to wait for their dependents, too",
    );
    return "Delete";
  }
  findings.add("blocked", spec.pathOf("deletionPolicy"), "must be MirrorPrune, Delete, WaitForTermination or Orphan");
  return "Orphan";
}

/** Converts `kubeConfig`; undefined for the local cluster. */
export function kubeConfigOf(
  spec: Fields,
  object: InputObject,
  findings: Findings,
): Record<string, unknown> | undefined {
  const config = spec.object("kubeConfig");
  if (config === undefined) return undefined;
  config.reportIfSet(
    "configMapRef",
    "blocked",
    "access by a ConfigMap and a cloud's identity is not supported: make a Secret with a kubeconfig",
  );
  const secret = config.object("secretRef");
  const name = secret?.text("name");
  if (name === undefined) {
    if (!config.has("configMapRef")) findings.add("blocked", config.pathOf("secretRef"), "is not set");
    return {};
  }
  reportMoved(findings, config.pathOf("secretRef"), `Secret ${name}`, object);
  findings.add(
    "difference",
    config.pathOf("secretRef"),
    "the kubeconfig must have a token or client certificate: exec plugins are rejected",
  );
  return { kubeConfigSecretRef: defined({ name, key: secret?.text("key") }) };
}

/** Converts rules of fields that are left alone: `ignore` of a Kustomization or of drift detection. */
export function ignoreRulesOf(rules: readonly Fields[], findings: Findings): readonly Record<string, unknown>[] {
  return rules.map((rule) => {
    const paths = rule.texts("paths");
    const target = rule.object("target") ?? rule.object("targetRef");
    for (const name of ["labelSelector", "annotationSelector"])
      target?.reportIfSet(name, "blocked", "rules cannot select by labels or annotations: name the objects");
    target?.reportIfSet("version", "difference", "rules are for all versions of a kind");
    const text = (name: string): string | undefined => {
      const value = target?.text(name);
      if (value !== undefined && /[.^$()[\]|+?\\]/.test(value) && name !== "group")
        findings.add(
          "blocked",
          target?.pathOf(name) ?? name,
          "is a regular expression: name the objects, or end the name with *",
        );
      return value;
    };
    return defined({
      group: text("group"),
      kind: text("kind"),
      name: text("name"),
      namespace: text("namespace"),
      jsonPointers: paths,
    });
  });
}

/** Labels and annotations of all objects; undefined if there are none. */
export function metadataOf(common: Fields | undefined): Record<string, unknown> | undefined {
  if (common === undefined) return undefined;
  return defined({ labels: common.textMap("labels"), annotations: common.textMap("annotations") });
}

/** Converts `healthCheckExprs`; undefined if there are none. */
export function expressionsOf(spec: Fields): readonly Record<string, unknown>[] | undefined {
  const names = ["apiVersion", "kind", "current", "inProgress", "failed"];
  const all = spec.objects("healthCheckExprs");
  return all.length === 0
    ? undefined
    : all.map((one) => defined(Object.fromEntries(names.map((name) => [name, one.text(name)]))));
}
