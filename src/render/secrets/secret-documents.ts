import { systemSecretProblem } from "../../api/core/app-backup.js";
import { CoreSecretName } from "../../api/core/secret.js";
import { DOCUMENT_API_VERSION } from "../../api/documents/group.js";
import { SecretDocument, type SecretValueReference } from "../../api/documents/secret.js";
import { credentialIn } from "../../manifest/credential.js";
import type { FieldPlace } from "../../manifest/document.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import type { Reporter } from "../overseer/reporter.js";
import { validateDocument } from "../overseer/validate.js";
import { isAccepted } from "../plaintext-secrets.js";
import type { RenderTarget } from "../request.js";
import { templateParts } from "./secret-template.js";

/** Key whose Core secret has the name of the document alone, and that `${SECRET:name}` is read from on Kubernetes. */
export const VALUE_KEY = "value";

/** A value that a Secret document refers to, and where. */
export interface PlacedReference {
  readonly reference: SecretValueReference;
  /** How people name the document: `Secret db`. */
  readonly object: string;
  readonly place: FieldPlace;
}

/** Whether a document is a Secret of `overseer.io`. */
export function isSecretDocument({ object }: PreparedDocument): boolean {
  return object.kind === "Secret" && object.apiVersion === DOCUMENT_API_VERSION;
}

/** Returns the name of the secret of a Core for a key of a Secret. */
export function coreSecretName(name: string, key: string): string {
  return key === VALUE_KEY ? name : `${name}.${key}`;
}

/** Returns the templates of a Secret document by key. */
export function templatesOf({ spec }: SecretDocument): ReadonlyMap<string, string> {
  const { values = {}, data } = spec;
  return new Map(
    data === undefined ? Object.keys(values).map((name) => [name, `\${${name}}`] as const) : Object.entries(data),
  );
}

/** Returns the keys of a valid Secret document; nothing for an invalid one. */
export function keysOf({ object }: PreparedDocument): readonly string[] {
  const { data } = SecretDocument.safeParse(object);
  return data === undefined ? [] : [...templatesOf(data).keys()];
}

/** Returns what a valid Secret document refers to; nothing for an invalid one. */
export function referencesOf(prepared: PreparedDocument): PlacedReference[] {
  const { data } = SecretDocument.safeParse(prepared.object);
  return Object.entries(data?.spec.values ?? {}).map(([name, reference]) => ({
    reference,
    object: `Secret ${prepared.object.metadata.name}`,
    place: { origin: prepared.origin, path: ["spec", "values", name] },
  }));
}

/**
 * Validates a Secret document. Messages do not quote templates, which may hold decrypted values. `stores`: names of the stores of the
 * source.
 */
export function checkSecretDocument(
  prepared: PreparedDocument,
  report: Reporter,
  target: RenderTarget,
  stores: ReadonlySet<string>,
): void {
  const document = validateDocument(prepared.object, report);
  if (document?.kind !== "Secret") return;
  const { values = {} } = document.spec;
  for (const [name, { store }] of Object.entries(values)) {
    if (stores.has(store)) continue;
    const known = stores.size === 0 ? "which has none" : `which has ${[...stores].join(", ")}`;
    report.at("spec", "values", name, "store").problem(`there is no such store in source.secretStores, ${known}`);
  }
  const isReadable = !prepared.confidential && !isAccepted(document.metadata.annotations);
  for (const [key, template] of templatesOf(document)) {
    const at = report.at("spec", "data", key);
    const parts = templateParts(template);
    if (parts.some((part) => "value" in part && !Object.hasOwn(values, part.value)))
      at.problem("refers to a value that is not in spec.values: add it there, or write $${ for the text ${");
    const found = isReadable ? parts.map((part) => ("text" in part ? credentialIn(part.text) : undefined)) : [];
    const what = found.find((one) => one !== undefined);
    if (what !== undefined)
      at.readable(`is readable in Git (${what}): encrypt the file with SOPS, or take the value from a store`);
    if (target !== "overseer") continue;
    const name = coreSecretName(document.metadata.name, key);
    const reserved = systemSecretProblem(name);
    if (reserved !== undefined) at.problem(reserved);
    if (!CoreSecretName.safeParse(name).success)
      at.problem(
        `its secret in the Core would be ${name.slice(0, 200)}: a name has at most 128 letters, digits, - . _, and begins and ends with a letter or digit`,
      );
  }
}
