import type { OverseerAppSet } from "../../../api/app-set.js";
import { NAME_PATTERN } from "../../../api/fields.js";
import {
  ANNOTATION_APP_SET,
  ANNOTATION_APPLIED,
  ANNOTATION_IDENTITY,
  API_VERSION,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_APP_SET,
  LABEL_INSTANCE,
} from "../../../api/group.js";
import { canonicalJson, type Json, sha256 } from "../../../base/hash.js";
import type { KubeObject } from "../../../manifest/document.js";
import { AppSetError } from "../app-set-error.js";
import { isObject, type ParameterSet } from "../parameters.js";
import { fillIn } from "../template/fill-in.js";
import { type AppSize, SetSize } from "../template/size-limits.js";

/** An app as the template makes it. */
export interface DesiredApp {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, Json>>;
  /** Hash of all of this. */
  readonly hash: string;
  /** Where its parameters come from, for messages. */
  readonly origin: string;
  /** The submodule that it would read, though its repository does not read submodules: it is not created, but an existing one is kept. */
  readonly submodule?: string | undefined;
}

/** Maximum length of the name of an app. */
const MAX_NAME = 53;
const TEMPLATE = "spec.template";

/** Labels and annotations that prove who manages an object. */
const RESERVED: ReadonlySet<string> = new Set([
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
  LABEL_APP_SET,
  ANNOTATION_APP_SET,
  ANNOTATION_APPLIED,
  ANNOTATION_IDENTITY,
]);

/**
 * Fills in the template for each set of parameters.
 *
 * @throws AppSetError for a template that cannot be filled in, for a name that is not valid, for two apps of the same name, and for apps
 * that are too large.
 */
export function desiredApps({ spec }: Pick<OverseerAppSet, "spec">, all: readonly ParameterSet[]): DesiredApp[] {
  const { metadata, spec: appSpec } = spec.template;
  const apps = new Map<string, DesiredApp>();
  const total = new SetSize();
  for (const parameters of all) {
    const size = total.app(parameters.origin);
    const name = nameOf(metadata.name, parameters, size);
    const same = apps.get(name);
    if (same !== undefined) {
      throw new AppSetError(
        "NameConflict",
        `${TEMPLATE}.metadata.name makes the name ${name} twice, for ${same.origin} and ${parameters.origin}: add a parameter that differs`,
      );
    }
    const labels = textsOf("labels", metadata.labels, parameters, size);
    const annotations = textsOf("annotations", metadata.annotations, parameters, size);
    const filled = fillIn(appSpec, `${TEMPLATE}.spec`, parameters, size);
    if (!isObject(filled)) throw new AppSetError("InvalidTemplate", `${TEMPLATE}.spec must be an object`);
    const hash = sha256(canonicalJson({ labels, annotations, spec: filled }), 32);
    apps.set(name, {
      name,
      labels,
      annotations,
      spec: filled,
      hash,
      origin: parameters.origin,
      submodule: parameters.submodule,
    });
  }
  return [...apps.values()];
}

function nameOf(template: string, parameters: ParameterSet, size: AppSize): string {
  const field = `${TEMPLATE}.metadata.name`;
  const name = fillIn(template, field, parameters, size);
  if (typeof name !== "string" && typeof name !== "number") {
    throw new AppSetError("InvalidTemplate", `${field} is no text for ${parameters.origin}`);
  }
  const text = String(name);
  if (text.length <= MAX_NAME && NAME_PATTERN.test(text)) return text;
  const rule = `a name has at most ${MAX_NAME} characters: lower-case letters, digits, - and ., with a letter or digit at both ends`;
  throw new AppSetError(
    "InvalidTemplate",
    `${field} makes the name ${JSON.stringify(text.slice(0, 100))} for ${parameters.origin}, which is not valid: ${rule}; "| slug" replaces other characters`,
  );
}

function textsOf(
  field: "labels" | "annotations",
  texts: Readonly<Record<string, string>> = {},
  parameters: ParameterSet,
  size: AppSize,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => {
      const at = `${TEMPLATE}.metadata.${field}.${key}`;
      if (RESERVED.has(key)) {
        throw new AppSetError("InvalidTemplate", `${at} is set by the operator: remove it from the template`);
      }
      const value = fillIn(text, at, parameters, size);
      if (typeof value === "object")
        throw new AppSetError("InvalidTemplate", `${at} is no text for ${parameters.origin}`);
      return [key, String(value)];
    }),
  );
}

/** Returns the document to apply. `uid`: that of the existing app, so that no other app of this name is changed. */
export function documentOf(set: OverseerAppSet, app: DesiredApp, uid?: string): KubeObject {
  const { name: setName, namespace, uid: setUid } = set.metadata;
  const { name, labels, annotations, spec, hash } = app;
  return {
    apiVersion: API_VERSION,
    kind: "OverseerApp",
    metadata: {
      name,
      namespace,
      ...(uid === undefined ? {} : { uid }),
      labels: { ...labels, [LABEL_APP_SET]: setName },
      annotations: { ...annotations, [ANNOTATION_APP_SET]: `${setUid}/${name}#${hash}` },
    },
    spec,
  } as KubeObject;
}
