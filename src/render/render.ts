import type { RendererKind } from "../api/renderers.js";
import { isTerminal } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import type { GitSnapshot } from "../git/engine.js";
import { compareForApply } from "../manifest/order.js";
import { FileDecryptor } from "../secrets/file-decryptor.js";
import type { SopsProgram } from "../secrets/sops/sops-program.js";
import { askedKind, detect } from "./detect.js";
import { type InputKeys, inputKeys } from "./input-key.js";
import { DEFAULT_RENDER_LIMITS, type RenderLimits } from "./limits.js";
import { findPlace, type SourcePlace } from "./locate.js";
import type { SecretTexts } from "./mask-texts.js";
import { orderNotes } from "./notes.js";
import { honorOtherTools } from "./other-tools.js";
import { refuseForKubernetes } from "./overseer/destination.js";
import { annotationProblems, hooksOf } from "./own-annotations.js";
import { placeDocuments } from "./place.js";
import { plaintextSecrets } from "./plaintext-secrets.js";
import { type Reads, sameReads } from "./reads.js";
import { PathNotFoundError, RenderError, type RenderProblem, UnsupportedSourceError } from "./render-error.js";
import { type RenderObserver, silentRenderObserver } from "./render-observer.js";
import type { Renderer, RendererOutput, SecretReferenceFound, SourceInput } from "./renderer.js";
import type { ClusterFacts, RenderRequest, RenderResult } from "./request.js";
import { NO_RESULTS, type ResultStore } from "./result-store.js";
import { isSecretDocument } from "./secrets/secret-documents.js";
import { selectFiles } from "./select.js";
import type { TreeLinks } from "./source-links.js";
import { hasPatches, type RenderSteps } from "./steps.js";

/** The inputs of a source at one commit, and what makes finding them in the next commit cheap. */
export interface LocatedSourceInputs extends InputKeys {
  readonly kind: RendererKind;
  readonly commit: string;
  /** What of the request the key holds. */
  readonly of: string;
  readonly reads: Reads | undefined;
  readonly links: TreeLinks | undefined;
  /** What the destination was, if the key depends on that. */
  readonly cluster: { readonly facts: ClusterFacts | undefined } | undefined;
}

/** What a `SourceRenderer` is made of. */
export interface SourceRendererOptions {
  /** Unless a request has its own. */
  readonly limits?: RenderLimits;
  /** Keeps results of renderers that start children. Defaults to keeping none. */
  readonly results?: ResultStore;
  readonly observer?: RenderObserver;
  /** Refuses Secrets that are readable in Git, instead of noting them. */
  readonly refusesPlaintextSecrets?: boolean;
  /** What follows the renderer. Defaults to nothing: `source.patches` and `source.substitute` have no effect. */
  readonly steps?: RenderSteps;
  /** Decrypts files that are encrypted for keys of PGP and of clouds. */
  readonly sops?: SopsProgram;
}

/** Turns a commit into documents. All or nothing: a source with one bad file gives no documents. */
export class SourceRenderer {
  readonly limits: RenderLimits;
  readonly #renderers: ReadonlyMap<RendererKind, Renderer>;
  readonly #results: ResultStore;
  readonly #observer: RenderObserver;
  readonly #steps: RenderSteps | undefined;
  readonly #refusesPlaintext: boolean;
  readonly #sops: SopsProgram | undefined;

  constructor(renderers: readonly Renderer[], options: SourceRendererOptions = {}) {
    this.limits = options.limits ?? DEFAULT_RENDER_LIMITS;
    this.#results = options.results ?? NO_RESULTS;
    this.#observer = options.observer ?? silentRenderObserver;
    this.#steps = options.steps;
    this.#sops = options.sops;
    this.#refusesPlaintext = options.refusesPlaintextSecrets ?? false;
    this.#renderers = new Map(renderers.map((renderer) => [renderer.kind, renderer]));
  }

  /**
   * The key of all that a render of the source in `snapshot` depends on. `known` is the last answer for the same app: where
   * nothing that was read has changed since, no file is read. What stands in the way of a render is for the render to say.
   */
  async locate(
    request: RenderRequest,
    snapshot: GitSnapshot,
    known?: LocatedSourceInputs,
  ): Promise<LocatedSourceInputs> {
    const of = requestDigest(request);
    const commit = snapshot.commit.id;
    const isSameCluster = known?.cluster === undefined || known.cluster.facts === request.cluster?.();
    if (known?.of === of && isSameCluster) {
      if (known.commit === commit) return known;
      if (known.reads !== undefined && (await sameReads(known.reads, snapshot))) return { ...known, commit };
    }
    const { renderer, declared } = await this.#declare(request, snapshot, known?.links);
    const { source, defaultNamespace, target = "kubernetes", env = {}, recurseSubmodules = false } = request;
    const { content, environment, reads, links, asksCluster = false } = declared;
    const cluster = asksCluster ? { facts: request.cluster?.() } : undefined;
    const steps = (await this.#steps?.declare(request)) ?? {};
    const own = { source, defaultNamespace, target, env, recurseSubmodules };
    const refuses = this.#refuses(request) ? { refusesPlaintext: true } : {};
    const around = { ...environment, ...refuses };
    const keys = inputKeys({ ...own, content, environment: around, version: renderer.version, steps });
    return { ...keys, kind: renderer.kind, commit, of, reads, links, cluster };
  }

  /**
   * Renders a source as it is in `snapshot`. The same commit and request always give the same documents. With `key`, the
   * answer of `locate`, a result that was kept is taken from disk.
   *
   * @throws PathNotFoundError, UnsupportedSourceError, RenderError with all problems of the source; whatever reading
   * the snapshot throws.
   */
  async render(request: RenderRequest, snapshot: GitSnapshot, key?: string): Promise<RenderResult> {
    const place = await findPlace(snapshot, request.source.path);
    const input = this.#input(request, snapshot, place);
    this.#steps?.check(request);
    const renderer = this.#renderers.get(await kindOf(input));
    if (renderer !== undefined && renderer.kind !== "plain" && request.source.overlay !== undefined)
      throw new UnsupportedSourceError(
        `source.overlay merges App documents, but source.path is rendered by ${renderer.kind}: remove one of the two`,
      );
    if (renderer === undefined) throw new UnsupportedSourceError("the source is of a kind that is not rendered");
    const output = await this.#output(renderer, input, key);
    return finish(
      request,
      (await this.#steps?.finish(output, request, input)) ?? output,
      this.#steps?.secretTexts(request, input),
      this.#refuses(request),
    );
  }

  #refuses({ source }: RenderRequest): boolean {
    return this.#refusesPlaintext || source.refusePlaintextSecrets === true;
  }

  /** Returns what Secret documents of the source refer to. Empty where it cannot be read, which its render reports. */
  async secretReferences(request: RenderRequest, snapshot: GitSnapshot): Promise<readonly SecretReferenceFound[]> {
    try {
      const place = await findPlace(snapshot, request.source.path);
      const input = this.#input(request, snapshot, place);
      return (await this.#renderers.get(await kindOf(input))?.secretReferences?.(input)) ?? [];
    } catch (error) {
      if (!isTerminal(error)) throw error;
      return [];
    }
  }

  /** Counts documents that the caller still had. */
  reused(kind: RendererKind): void {
    this.#observer.rendered(kind, "hit", 0);
  }

  async #output(renderer: Renderer, input: SourceInput, key: string | undefined): Promise<RendererOutput> {
    const { kind } = renderer;
    const keepsResults = renderer.keepsResults || hasPatches(input.source);
    const begin = performance.now();
    const kept = keepsResults && key !== undefined ? await this.#results.get(key) : undefined;
    if (kept !== undefined) {
      this.#observer.rendered(kind, "disk", (performance.now() - begin) / 1000);
      input.decryptor.recall(kept.decrypted ?? []);
      return kept;
    }
    let result: "miss" | "error" = "error";
    try {
      const output = await this.#patched(await renderer.render(input), input);
      if (output.problems.length === 0) result = "miss";
      const decrypted = input.decryptor.secrets;
      if (keepsResults && key !== undefined && result === "miss")
        await this.#results.put(key, { ...output, decrypted });
      return output;
    } finally {
      this.#observer.rendered(kind, result, (performance.now() - begin) / 1000);
    }
  }

  async #patched(output: RendererOutput, input: SourceInput): Promise<RendererOutput> {
    return this.#steps?.patch(output, input) ?? output;
  }

  async #declare(request: RenderRequest, snapshot: GitSnapshot, links: TreeLinks | undefined) {
    const fallback = this.#renderers.get("plain") as Renderer;
    let place: SourcePlace;
    try {
      place = await findPlace(snapshot, request.source.path);
    } catch (error) {
      if (error instanceof PathNotFoundError) return { renderer: fallback, declared: { content: { tree: "none" } } };
      throw error;
    }
    const input = this.#input(request, snapshot, place);
    try {
      const renderer = this.#renderers.get(await kindOf(input)) ?? fallback;
      return { renderer, declared: await renderer.declare(input, links) };
    } catch (error) {
      // The render finds the same, and says it.
      if (!isTerminal(error)) throw error;
      // Never the key of a success: the result of another repository could be kept under it.
      return { renderer: fallback, declared: { content: { tree: place.entry.id, unreadable: true } } };
    }
  }

  #input(request: RenderRequest, snapshot: GitSnapshot, place: SourcePlace): SourceInput {
    const { source, defaultNamespace, target = "kubernetes", env = {}, name = "app" } = request;
    const values = request.external?.values ?? [];
    const limits = request.limits ?? this.limits;
    const cluster = request.cluster ?? (() => undefined);
    const { signal = new AbortController().signal } = request;
    const chartCredentials = request.external?.chartCredentials ?? {};
    const keys = source.decryption === undefined ? undefined : request.external?.decryption;
    const decryptor = new FileDecryptor(keys, { sops: this.#sops, signal });
    return {
      snapshot,
      place,
      source,
      limits,
      target,
      env,
      name,
      defaultNamespace,
      cluster,
      values,
      decryptor,
      chartCredentials,
      openRemoteBase: request.openRemoteBase,
      signal,
    };
  }
}

async function finish(
  request: RenderRequest,
  output: RendererOutput,
  secrets: SecretTexts | undefined,
  refuses: boolean,
): Promise<RenderResult> {
  const { documents: prepared, notes, problems: found, remark, nothing, unread } = output;
  const { target = "kubernetes" } = request;
  const problems =
    target === "kubernetes"
      ? [...found, ...refuseForKubernetes(prepared.filter((one) => !isSecretDocument(one)))]
      : found;
  const fail = async (list: readonly RenderProblem[], more?: string): Promise<never> => {
    const ordered = inOrder(list);
    throw new RenderError((await secrets?.hideIn(ordered)) ?? ordered, more);
  };
  if (problems.length > 0) await fail(problems, remark);
  const placed = placeDocuments(prepared, request);
  const misplaced = [...placed.problems, ...annotationProblems(placed.documents)];
  if (misplaced.length > 0) await fail(misplaced);
  const honored = target === "kubernetes" ? honorOtherTools(placed.documents) : undefined;
  const { documents: applied = placed.documents, skipped = [] } = honored ?? {};
  const hooks = target === "kubernetes" ? hooksOf(applied) : [];
  const others = new Set(hooks.map(({ document }) => document));
  const documents = applied.filter((document) => !others.has(document));
  const unmanaged = [...skipped, ...others];
  const known = notes.filter((note) => note.readable);
  const noted = new Set(known.flatMap(({ origin }) => (origin === undefined ? [] : [origin.file])));
  const readable = target === "kubernetes" ? plaintextSecrets(applied, output.random, noted) : [];
  if (refuses && readable.length + known.length > 0) await fail([...known, ...readable]);
  const all = [...readable, ...notes, ...placed.notes, ...(honored?.notes ?? [])];
  const { notes: kept, omitted } = orderNotes(all);
  return {
    documents: [...documents].sort((a, b) => compareForApply(a.id, b.id)),
    ...(hooks.length === 0 ? {} : { hooks }),
    ...(unmanaged.length === 0 ? {} : { skipped: new Set(unmanaged.map(({ key }) => key)) }),
    ...(unread === undefined ? {} : { unread }),
    notes: secrets === undefined ? kept : await secrets.hideIn(kept, (text) => secrets.hide(text)),
    notesOmitted: omitted,
    unknownKinds: placed.unknownKinds,
    ...(placed.documents.length > 0 || nothing === undefined ? {} : { nothing }),
  };
}

/** What the source says of its kind, or else the names of the files in its folder. */
async function kindOf({ snapshot, place, source }: SourceInput): Promise<RendererKind> {
  const requested = askedKind(source);
  if (requested !== undefined || place.entry.kind !== "tree") return requested ?? "plain";
  const names = await snapshot.listNames(place.entry.id);
  return detect(
    selectFiles(
      names.map((path) => ({ path })),
      source,
    ).map(({ path }) => path),
  ).kind;
}

function requestDigest(request: RenderRequest): string {
  const { source, defaultNamespace, target, env, name, external, recurseSubmodules, remoteBasesByCommit } = request;
  const rules = [recurseSubmodules, remoteBasesByCommit];
  return sha256(canonicalJson([source, defaultNamespace, target, env, name, external?.digest, ...rules]), 32);
}

function inOrder(problems: readonly RenderProblem[]): RenderProblem[] {
  return [...problems].sort((a, b) => {
    const [fileA, fileB] = [a.origin?.file ?? "", b.origin?.file ?? ""];
    if (fileA !== fileB) return fileA < fileB ? -1 : 1;
    return (a.origin?.line ?? 0) - (b.origin?.line ?? 0);
  });
}
