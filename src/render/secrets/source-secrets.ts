import { formatOrigin } from "../../manifest/document.js";
import { showPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import { SEALED_API_VERSION } from "../../secrets/sealed/sealed-secret.js";
import type { ManifestFile } from "../manifest-files.js";
import { readText } from "../overseer/expand-source.js";
import { FieldLocator, type Located } from "../overseer/field-locator.js";
import { reporterOf } from "../overseer/overlay.js";
import type { Findings } from "../overseer/reporter.js";
import type { FileOutcome } from "../parser.js";
import type { RendererInput, SecretReferenceFound } from "../renderer.js";
import type { RenderTarget, SourceSelection } from "../request.js";
import { checkSecretDocument, coreSecretName, isSecretDocument, keysOf, referencesOf } from "./secret-documents.js";

/** Returns what all Secret documents of a source refer to. Invalid documents are for the render to report. */
export function referencesIn(outcomes: readonly FileOutcome[]): SecretReferenceFound[] {
  return outcomes
    .flatMap((outcome) => (outcome.ok ? outcome.documents.filter(isSecretDocument) : []))
    .flatMap(referencesOf)
    .map(({ reference, object, place: { origin, path } }) => ({
      reference,
      place: `${formatOrigin(origin)}: ${object}: ${showPath(path)}`,
    }));
}

/** The documents of a source that become secrets after it was rendered, apart from all others. */
export class SourceSecrets {
  readonly documents: readonly PreparedDocument[];
  /** The outcomes without these documents. */
  readonly outcomes: readonly FileOutcome[];
  /** Keys of the Secrets of the source by the names of secrets of a Core, for apps that refer to them on a cluster. */
  readonly places: ReadonlyMap<string, { readonly object: string; readonly key: string }>;
  readonly #target: RenderTarget;
  readonly #stores: ReadonlySet<string>;

  constructor(
    outcomes: readonly FileOutcome[],
    { secretStores = [], unseal }: Pick<SourceSelection, "secretStores" | "unseal">,
    target: RenderTarget,
  ) {
    const isSecret = (document: PreparedDocument): boolean =>
      isSecretDocument(document) || (target === "overseer" && isForAnyTarget(document, unseal !== undefined));
    this.#target = target;
    this.#stores = new Set(secretStores.map(({ name }) => name));
    this.documents = outcomes.flatMap((outcome) => (outcome.ok ? outcome.documents.filter(isSecret) : []));
    this.places = new Map(
      outcomes
        .flatMap((outcome) => (outcome.ok ? outcome.documents : []))
        .flatMap((document) => {
          const object = document.object.metadata.name;
          return keysIn(document, unseal !== undefined).map(
            (key) => [coreSecretName(object, key), { object, key }] as const,
          );
        }),
    );
    this.outcomes =
      this.documents.length === 0
        ? outcomes
        : outcomes.map((outcome) =>
            outcome.ok ? { ok: true, documents: outcome.documents.filter((one) => !isSecret(one)) } : outcome,
          );
  }

  /** Validates Secret documents. */
  async check(
    input: RendererInput,
    files: readonly ManifestFile[],
  ): Promise<{ readonly problems: readonly Located[]; readonly notes: readonly Located[] }> {
    if (this.documents.length === 0) return { problems: [], notes: [] };
    const findings: Findings = { problems: [], notes: [] };
    for (const document of this.documents) {
      if (isSecretDocument(document))
        checkSecretDocument(document, reporterOf(document, findings), this.#target, this.#stores);
    }
    const locate = new FieldLocator((file) => readText(file, input, files));
    return { problems: await locate.all(findings.problems), notes: await locate.all(findings.notes) };
  }
}

/** Whether a document of Kubernetes can be secrets of a Core: one that is encrypted in Git. */
function isForAnyTarget({ object, confidential }: PreparedDocument, unseals: boolean): boolean {
  if (object.kind === "Secret" && object.apiVersion === "v1") return confidential === true;
  return unseals && object.kind === "SealedSecret" && object.apiVersion === SEALED_API_VERSION;
}

/** Returns the keys of the Secret that a document becomes; nothing for other documents. */
function keysIn(document: PreparedDocument, unseals: boolean): readonly string[] {
  if (isSecretDocument(document)) return keysOf(document);
  if (!isForAnyTarget(document, unseals)) return [];
  const { spec, data } = document.object;
  const content = document.object.kind === "Secret" ? data : isRecord(spec) ? spec.encryptedData : undefined;
  return isRecord(content) ? Object.keys(content) : [];
}
