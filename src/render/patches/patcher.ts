import type { SourcePatch } from "../../api/renderers.js";
import { jsonText } from "../../base/hash.js";
import type { KubeObject } from "../../manifest/document.js";
import { isRecord } from "../../manifest/shape.js";
import { asWritten, hashBody, type PreparedDocument } from "../../manifest/to-document.js";
import type { RenderLimits } from "../limits.js";
import { parseOutput } from "../parse-output.js";
import type { ParseFiles } from "../parser.js";
import type { RenderProgram } from "../programs.js";
import type { RendererOutput, SourceInput } from "../renderer.js";
import { Workspace } from "../workspace.js";
import { explainPatch } from "./explain.js";
import { probed, probing, unproven } from "./selection.js";

/** Increment when the same patches would change documents in another way. */
const VERSION = 1;
/** Kustomize drops these documents; what becomes of them is decided after the patches. */
const LOCAL_CONFIG = "config.kubernetes.io/local-config";

/** Patches of the app over rendered documents, applied by `kubectl kustomize` in a workspace of its own. */
export class Patcher {
  readonly #program: RenderProgram;
  readonly #parse: ParseFiles;

  constructor(program: RenderProgram, parseElsewhere: ParseFiles) {
    this.#program = program;
    this.#parse = parseElsewhere;
  }

  /** The part of the input key: the patches, and the version of Kustomize. */
  async declare(patches: readonly SourcePatch[]): Promise<Readonly<Record<string, unknown>>> {
    return { patches, version: VERSION, program: (await this.#program.version()) ?? "none" };
  }

  /**
   * Applies the patches of the source in their order. Documents that no patch changes are returned as they are, with file and
   * line; changed ones keep the place of the original.
   *
   * @throws UnsupportedSourceError without kubectl; RenderError when Kustomize exceeds a limit.
   */
  async apply(output: RendererOutput, input: SourceInput): Promise<RendererOutput> {
    const { patches = [] } = input.source;
    if (patches.length === 0 || output.problems.length > 0) return output;
    const patchable = output.documents.filter((document) => !isLocal(document));
    // Two documents for one object are reported later, with their places.
    if (patchable.length === 0 || hasDuplicates(patchable)) return output;
    const isSecret = patchable.some(({ confidential, object }) => confidential || object.kind === "Secret");
    return Workspace.use((workspace) => this.#patch(output, patchable, patches, { input, workspace }), isSecret);
  }

  async #patch(
    output: RendererOutput,
    patchable: readonly PreparedDocument[],
    patches: readonly SourcePatch[],
    { input, workspace }: PatchContext,
  ): Promise<RendererOutput> {
    const text = patchable.map((document) => jsonText(asWritten(document))).join("\n---\n");
    await workspace.write("patches/documents.yaml", text);
    const run = (some: readonly SourcePatch[]) => this.#run(some, workspace, input.signal);
    const { code, output: patched, stderr } = await run(patches);
    if (code !== 0) {
      const problem = await explainPatch(patches.length, stderr, async (count) => {
        const attempt = await run(patches.slice(0, count));
        return attempt.code === 0 ? undefined : attempt.stderr;
      });
      return { ...output, documents: [], problems: [problem] };
    }
    const file = patchable[0]?.origin.file ?? "";
    const { documents, problems } = await parseOutput(
      [{ file, text: patched }],
      outputLimits(input.limits),
      this.#parse,
    );
    if (problems.length > 0) {
      return {
        ...output,
        documents: [],
        problems: problems.map(({ object, message }) => ({
          ...(object === undefined ? {} : { object }),
          message: `source.patches: ${message}`,
        })),
      };
    }
    const local = output.documents.filter(isLocal);
    const questionable = unproven(patches, patchable);
    const probe = questionable.length === 0 ? undefined : probing(patches, questionable);
    const answer = probe && (await run(probe.patches));
    const missed = probe && answer?.code === 0 ? probed(probe, answer.output) : [];
    return {
      ...output,
      documents: [...withPlaces(documents, patchable), ...local],
      notes: [...output.notes, ...missed.map((index) => ({ message: missedNote(patches, index) }))],
      nothing: "source.patches deletes all objects",
    };
  }

  async #run(patches: readonly SourcePatch[], workspace: Workspace, signal: AbortSignal) {
    const kustomization = {
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: ["documents.yaml"],
      patches,
    };
    await workspace.write("patches/kustomization.yaml", JSON.stringify(kustomization));
    return this.#program.run(["kustomize", workspace.path("patches")], workspace, signal);
  }
}

interface PatchContext {
  readonly input: SourceInput;
  readonly workspace: Workspace;
}

/** Gives each patched document the place of the original, and those that did not change as they were. */
function withPlaces(patched: readonly PreparedDocument[], originals: readonly PreparedDocument[]): PreparedDocument[] {
  const byName = new Map(originals.map((document) => [nameOf(document.object), document]));
  const kept = new Set(patched.map(({ object }) => nameOf(object)));
  const gone = originals.filter(({ object }) => !kept.has(nameOf(object)));
  return patched.map((document) => {
    const renamed = gone.filter(({ object }) => object.kind === document.object.kind);
    const original = byName.get(nameOf(document.object)) ?? (renamed.length === 1 ? renamed[0] : undefined);
    const isConfidential = original === undefined ? originals.some((one) => one.confidential) : original.confidential;
    const marked = isConfidential ? { ...document, confidential: true } : document;
    if (original === undefined) return marked;
    return isUnchanged(document, original) ? original : { ...marked, origin: original.origin };
  });
}

/** Kustomize writes integers beyond 2^53 as floats: a document in which only these differ was not patched. */
function isUnchanged(patched: PreparedDocument, original: PreparedDocument): boolean {
  return (
    patched.bodyHash === original.bodyHash || patched.bodyHash === hashBody(withFloats(original.object) as KubeObject)
  );
}

function withFloats(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(withFloats);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withFloats(child)]));
}

function nameOf({ apiVersion, kind, metadata }: KubeObject): string {
  return JSON.stringify([apiVersion, kind, metadata.namespace ?? "", metadata.name]);
}

function hasDuplicates(documents: readonly PreparedDocument[]): boolean {
  return new Set(documents.map(({ object }) => nameOf(object))).size < documents.length;
}

function isLocal({ object }: PreparedDocument): boolean {
  return object.metadata.annotations?.[LOCAL_CONFIG] !== undefined;
}

/** Kustomize writes documents in block style: more lines and bytes than they had. */
function outputLimits(limits: RenderLimits): RenderLimits {
  return { ...limits, maxFileBytes: limits.maxTotalBytes };
}

function missedNote(patches: readonly SourcePatch[], index: number): string {
  const { target = {} } = patches[index] ?? {};
  const shown = Object.entries(target).map(([field, value]) => `${field} ${value}`);
  return `source.patches[${index}] changes nothing: no document matches its target (${shown.join(", ") || "empty"})`;
}
