import type { SourcePatch } from "../api/renderers.js";
import { metadataFault, withCommonMetadata } from "./common-metadata.js";
import { holdsSecrets } from "./external-values.js";
import { readChartValues } from "./helm/values.js";
import { SecretTexts, textsIn } from "./mask-texts.js";
import type { ParseFiles } from "./parser.js";
import { Patcher } from "./patches/patcher.js";
import type { RenderProgram } from "./programs.js";
import { UnsupportedSourceError } from "./render-error.js";
import type { RendererOutput, SourceInput } from "./renderer.js";
import type { RenderRequest } from "./request.js";
import { RESTART_VERSION, withChecksums, withRestart } from "./restart.js";
import { SECRETS_VERSION, withSecretValues } from "./secrets/fill-secrets.js";
import { SUBSTITUTION_VERSION, substitute, variablesOf } from "./substitute/substitute.js";
import { UNSEAL_VERSION, unsealDocuments } from "./unseal.js";

/** Goes up whenever the same encrypted files would be decrypted to others. */
const DECRYPTION_VERSION = 1;

/** What is done to documents after any renderer: patches, then variables, then common metadata. */
export class RenderSteps {
  readonly #patcher: Patcher;
  readonly #parse: ParseFiles;

  /** `kubectl`: the program that applies patches. */
  constructor(kubectl: RenderProgram, parseElsewhere: ParseFiles) {
    this.#patcher = new Patcher(kubectl, parseElsewhere);
    this.#parse = parseElsewhere;
  }

  /** The part of the input key. */
  async declare({ source, external }: RenderRequest): Promise<Readonly<Record<string, unknown>>> {
    const { patches = [], substitute: variables, decryption, commonMetadata, restart, unseal, secretStores } = source;
    return {
      ...(secretStores === undefined
        ? {}
        : {
            secrets: {
              version: SECRETS_VERSION,
              stores: secretStores.map(({ name }) => name),
              digest: external?.digest ?? "",
            },
          }),
      ...(unseal === undefined ? {} : { unseal: { version: UNSEAL_VERSION, digest: external?.digest ?? "" } }),
      ...(restart === undefined
        ? {}
        : { restart: { version: RESTART_VERSION, from: restart.from ?? [], digest: external?.digest ?? "" } }),
      ...(commonMetadata === undefined ? {} : { commonMetadata }),
      ...(patches.length === 0 ? {} : { patches: await this.#patcher.declare(patches) }),
      ...(variables === undefined
        ? {}
        : { substitute: { version: SUBSTITUTION_VERSION, variables, digest: external?.digest ?? "" } }),
      ...(decryption === undefined
        ? {}
        : {
            decryption: { version: DECRYPTION_VERSION, provider: decryption.provider, digest: external?.digest ?? "" },
          }),
    };
  }

  /** Throws UnsupportedSourceError if the request cannot be rendered. */
  check({ source, target = "kubernetes", external }: RenderRequest): void {
    const { patches, substitute: variables, helm, decryption, commonMetadata } = source;
    const fault = commonMetadata && metadataFault("source.commonMetadata", commonMetadata);
    if (fault !== undefined) throw new UnsupportedSourceError(fault);
    if (target !== "kubernetes" && patches !== undefined)
      throw new UnsupportedSourceError(
        "source.patches is only for Kubernetes: a Core takes documents as they are in Git",
      );
    if (target !== "kubernetes" && variables !== undefined)
      throw new UnsupportedSourceError(
        "source.substitute is only for Kubernetes: source.env sets variables of Compose documents",
      );
    if (decryption !== undefined && external?.decryption === undefined)
      throw new UnsupportedSourceError(
        "source.decryption needs keys of age: pass --age-key-file, or set SOPS_AGE_KEY_FILE to such a file",
      );
    if (external !== undefined && !external.isPartial) return;
    const field = variables?.from?.length
      ? "substitute.from"
      : helm?.valuesFrom?.length
        ? "helm.valuesFrom"
        : undefined;
    if (field !== undefined)
      throw new UnsupportedSourceError(
        `source.${field} names ConfigMaps and Secrets of the cluster, which cannot be read here`,
      );
  }

  /** Applies patches. The result may be kept on disk: it holds no variable. */
  async patch(output: RendererOutput, input: SourceInput): Promise<RendererOutput> {
    const patched = await this.#patcher.apply(output, input);
    return input.source.substitute === undefined ? withoutWritten(patched) : patched;
  }

  /** Texts that notes and problems must not show; undefined if the source takes no values from Secrets. */
  secretTexts({ external }: RenderRequest, { decryptor }: Pick<SourceInput, "decryptor">): SecretTexts | undefined {
    const { secrets } = decryptor;
    if (external === undefined || (secrets.length === 0 && !holdsSecrets(external))) return undefined;
    return new SecretTexts([
      ...secrets,
      ...(external.secretValues?.texts() ?? []),
      ...[...external.variables.values()].flatMap(({ value, secret }) => (secret ? [value] : [])),
      ...external.values.flatMap((values) => (values.secret ? textsIn(readChartValues(values)) : [])),
    ]);
  }

  /** Replaces variables, and marks documents that may hold values of Secrets. */
  async finish(output: RendererOutput, request: RenderRequest, input: SourceInput): Promise<RendererOutput> {
    const { source, external } = request;
    const substituted =
      source.substitute === undefined || output.problems.length > 0
        ? output
        : await substitute(output, variablesOf(source.substitute, external), input.limits, this.#parse);
    const replaced = withSecretValues(await unsealed(substituted, request), request);
    const { documents: rendered } = replaced;
    const labelled =
      source.commonMetadata === undefined ? rendered : withCommonMetadata(rendered, source.commonMetadata);
    const all = source.restart === undefined ? labelled : restarting(labelled, request);
    const fromChart = external?.values.some(({ secret }) => secret) === true;
    return {
      ...replaced,
      documents: fromChart ? all.map((document) => ({ ...document, confidential: true })) : all,
    };
  }
}

/** Turns SealedSecrets into Secrets, if there are keys. Without any, as on the command line, they stay what they are. */
async function unsealed(
  output: RendererOutput,
  { external, defaultNamespace }: RenderRequest,
): Promise<RendererOutput> {
  if (external?.unsealKeys === undefined || output.problems.length > 0) return output;
  return { ...output, ...(await unsealDocuments(output.documents, external.unsealKeys, defaultNamespace)) };
}

function restarting(documents: RendererOutput["documents"], request: RenderRequest): RendererOutput["documents"] {
  const { target = "kubernetes", checksums, external, defaultNamespace } = request;
  if (target === "overseer") return withRestart(documents);
  if (checksums === undefined) return documents;
  const { digest, namespace } = checksums;
  const objects = external?.used ?? new Map();
  return withChecksums(documents, { digest, objects, namespace: defaultNamespace, objectNamespace: namespace });
}

/** Whether the result of a renderer is worth keeping on disk because of the patches over it. */
export function hasPatches({ patches = [] }: { readonly patches?: readonly SourcePatch[] | undefined }): boolean {
  return patches.length > 0;
}

/** Documents as they are kept: what they were before they were normalized is for these steps only. */
function withoutWritten(output: RendererOutput): RendererOutput {
  const documents = output.documents.map((document) => {
    const { written, ...rest } = document;
    return written === undefined ? document : rest;
  });
  return { ...output, documents };
}
