import { posix } from "node:path";
import { messageOf } from "../../base/errors.js";
import { isRecord } from "../../manifest/shape.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { defined } from "../new-app.js";
import type { BuildEnvironment } from "./build-environment.js";
import { listOrNone } from "./kustomize.js";

/** What the value files of a chart are relative to. */
export interface HelmPlace {
  /** Directory of the chart, or of the values of a chart of a registry. */
  readonly path: string;
  /** Names of other sources (`$values`), and whether their files are in the same repository and revision. */
  readonly refs: ReadonlyMap<string, boolean>;
  /** Name and namespace of the Application: the defaults of Helm. */
  readonly releaseName: string;
  readonly namespace: string;
  /** Replaces variables. */
  readonly environment: BuildEnvironment;
}

/** Converts `source.helm`. Undefined fields have the defaults of Argo CD. */
export function helmOf(helm: Fields | undefined, place: HelmPlace, findings: Findings): Record<string, unknown> {
  if (helm === undefined) return { releaseName: place.releaseName };
  helm.ignore("version");
  helm.reportIfSet(
    "passCredentials",
    "manual",
    "credentials are only sent to the host of the repository: use a repository whose charts are on the same host",
  );
  helm.reportIfSet("skipTests", "difference", "hooks of helm test are never applied here");
  helm.reportIfSet(
    "skipSchemaValidation",
    "manual",
    "values are validated by the schema of the chart here: correct the values",
  );
  helm.reportIfSet(
    "fileParameters",
    "blocked",
    "values from files are not supported: put the content into valueFiles or values",
  );
  const namespace = helm.text("namespace");
  if (namespace !== undefined && namespace !== place.namespace)
    helm.report(
      "namespace",
      "blocked",
      `renders for another namespace than ${place.namespace} of the destination: make an app for that namespace`,
    );
  return defined({
    releaseName: helm.text("releaseName") ?? place.releaseName,
    valueFiles: listOrNone(valueFilesOf(helm, place, findings)),
    ignoreMissingValueFiles: helm.flag("ignoreMissingValueFiles") || undefined,
    values: valuesOf(helm, findings),
    parameters: listOrNone(
      helm.objects("parameters").map((parameter) =>
        defined({
          name: parameter.text("name"),
          value: place.environment.expand(parameter.anyText("value") ?? "", parameter.pathOf("value"), findings),
          forceString: parameter.flag("forceString") || undefined,
        }),
      ),
    ),
    skipCrds: helm.flag("skipCrds") || undefined,
    kubeVersion: helm.text("kubeVersion"),
    apiVersions: helm.texts("apiVersions"),
  });
}

/** `valuesObject`, or else the text of `values`, as Argo CD chooses. */
function valuesOf(helm: Fields, findings: Findings): unknown {
  const object = helm.value("valuesObject");
  const text = helm.text("values");
  if (object !== undefined) {
    if (text !== undefined)
      helm.report("values", "difference", "is ignored, as by Argo CD, because valuesObject is set");
    return object;
  }
  if (text === undefined) return undefined;
  try {
    const values = readValue(text, "values", KUBERNETES_SCHEMA);
    if (isRecord(values)) return values;
    if (values === undefined || values === null) return undefined;
    findings.add("blocked", helm.pathOf("values"), "is no YAML object: write the values as one");
  } catch (error) {
    findings.add("blocked", helm.pathOf("values"), `cannot be read as YAML: ${messageOf(error)}`);
  }
  return undefined;
}

/** Value files relative to the chart, each at its first place, as Argo CD reads them. */
function valueFilesOf(helm: Fields, place: HelmPlace, findings: Findings): readonly string[] {
  const files = (helm.texts("valueFiles") ?? []).map((text, index) => {
    const field = `${helm.pathOf("valueFiles")}[${index}]`;
    const [, ref, rest] = /^\$([\w-]+)\/(.*)$/.exec(text) ?? [];
    const isOther = ref !== undefined && place.refs.has(ref);
    const file = place.environment.expand((isOther ? rest : text) ?? "", field, findings);
    if (/^[a-z]+:\/\//i.test(file)) findings.add("blocked", field, "is a URL: commit the file to the repository");
    if (/[*?[]/.test(file))
      findings.add("blocked", field, "is a pattern: list the files in alphabetical order, in which Argo CD reads them");
    if (isOther && place.refs.get(ref) === false)
      findings.add(
        "blocked",
        field,
        `is in source $${ref}, which is another repository or revision than the app: only files of the app's own can be used; move them, or put their content into values`,
      );
    if (ref !== undefined && !isOther && !/^(ARGOCD|KUBE)_/.test(ref))
      findings.add("blocked", field, `no source of the Application has ref: ${ref}: add it, or correct the path`);
    if (isOther) return relative(place.path, file);
    return file.startsWith("/") ? relative(place.path, file.slice(1)) : file;
  });
  return [...new Set(files)];
}

/** Path of a file of the repository, relative to a directory of it. */
export function relative(directory: string, file: string): string {
  return posix.relative(posix.normalize(directory), posix.normalize(file));
}
