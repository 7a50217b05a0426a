import { resemblesManifest } from "../manifest/recognize.js";
import type { PreparedDocument } from "../manifest/to-document.js";
import type { FileDecryptor } from "../secrets/file-decryptor.js";
import { compileSource } from "./compose/compile-source.js";
import type { ReadFile } from "./compose/repository-reader.js";
import { detect, MARKERS } from "./detect.js";
import { type LocatedSource, listSource } from "./locate.js";
import { type ManifestFile, type ManifestFiles, pickManifestFiles } from "./manifest-files.js";
import { declareOverlay, listOverlay } from "./overlay-folder.js";
import { isForCore } from "./overseer/destination.js";
import { expandSource } from "./overseer/expand-source.js";
import { applyOverlay } from "./overseer/overlay.js";
import type { ParseCache } from "./parse-cache.js";
import type { FileOutcome } from "./parser.js";
import { fromManifestProblem, type RenderProblem, UnsupportedSourceError } from "./render-error.js";
import type {
  DeclaredInputs,
  Renderer,
  RendererInput,
  RendererOutput,
  SecretReferenceFound,
  SourceInput,
} from "./renderer.js";
import { joinPath } from "./repository-path.js";
import type { SourceSelection } from "./request.js";
import { referencesIn, SourceSecrets } from "./secrets/source-secrets.js";
import { selectFiles } from "./select.js";
import { linkedContent, linksBelow, type TreeLinks } from "./source-links.js";
import { describeNothing } from "./what-is-there.js";

const NO_FILES: ManifestFiles = { files: [], notes: [], problems: [], unread: undefined };

/** Plain manifests: every YAML and JSON file of the source, as it is. Documents of `overseer.io` are expanded for a Core, and compiled for a cluster. */
export class PlainRenderer implements Renderer {
  readonly kind = "plain";
  readonly version = 2;
  readonly keepsResults = false;
  readonly #cache: ParseCache;

  constructor(cache: ParseCache) {
    this.#cache = cache;
  }

  /** The id of the tree, and a digest of what its symbolic links lead to. */
  async declare(
    { snapshot, place, source, limits }: SourceInput,
    known: TreeLinks | undefined,
  ): Promise<DeclaredInputs> {
    const { entry, path, wanted } = place;
    const overlay = source.overlay === undefined ? undefined : await declareOverlay(snapshot, source.overlay, limits);
    const requested = {
      ...(source.plain === undefined ? {} : { plain: source.plain }),
      ...(source.compose === undefined ? {} : { compose: source.compose }),
      ...(overlay === undefined ? {} : { overlay: overlay.content }),
    };
    // A path through links is resolved again in each commit.
    const isDirect = path === wanted && (overlay === undefined || overlay.reads !== undefined);
    const reads = isDirect ? { reads: new Map([[path, entry.id], ...(overlay?.reads ?? [])]) } : {};
    if (entry.kind !== "tree") return { content: { tree: entry.id, ...requested }, ...reads };
    const links = await linksBelow(snapshot, entry.id, limits, known);
    if (links.links.length === 0) return { content: { tree: entry.id, ...requested }, links, ...reads };
    const linked = await linkedContent(snapshot, path, links, source, limits);
    return { content: { tree: entry.id, ...(linked === undefined ? {} : { links: linked }), ...requested }, links };
  }

  async secretReferences(source: SourceInput): Promise<readonly SecretReferenceFound[]> {
    const { outcomes } = await this.#read(source);
    return referencesIn(outcomes);
  }

  async render(source: SourceInput): Promise<RendererOutput> {
    const { snapshot, target, decryptor } = source;
    const { input, picked, notes, linkProblems, unread, outcomes: all } = await this.#read(source);
    const { folder, files, selected, anyName } = input;
    const nothing = (documents: readonly PreparedDocument[]): Pick<RendererOutput, "nothing"> =>
      documents.length > 0 ? {} : { nothing: describeNothing(folder, files, selected, anyName, source.source) };
    const secrets = new SourceSecrets(all, source.source, target);
    const { outcomes } = secrets;
    const found = await secrets.check(input, picked);
    const readFile: ReadFile = async (blob, file) => decryptor.read(await snapshot.readBlob(blob), file);
    if (target === "overseer") {
      const expanded = await expandSource(input, picked, outcomes, readFile);
      const problems = [...linkProblems, ...found.problems, ...expanded.problems];
      const documents = [...secrets.documents, ...expanded.documents];
      return {
        ...expanded,
        documents,
        notes: [...notes, ...found.notes, ...expanded.notes],
        problems,
        unread,
        ...nothing(documents),
      };
    }
    // A folder that a service mounts can have manifests beside the files of the service.
    const isManifest = async ({ file, blob }: ManifestFile): Promise<boolean> =>
      resemblesManifest(Buffer.from((await readFile(blob, file)).bytes).toString());
    const compiled = await compileSource({ ...input, secrets: secrets.places }, picked, outcomes, readFile);
    const problems: RenderProblem[] = [...linkProblems, ...found.problems, ...(compiled?.problems ?? [])];
    const documents: PreparedDocument[] = [...secrets.documents, ...(compiled?.documents ?? [])];
    for (const [index, outcome] of outcomes.entries()) {
      const file = picked[index];
      if (outcome.ok) documents.push(...outcome.documents.filter((one) => !isForCore(one)));
      else if (file === undefined || !compiled?.usedFiles.has(file.file) || (await isManifest(file)))
        problems.push(...outcome.problems.map(fromManifestProblem));
    }
    const { remark } = compiled ?? {};
    return {
      documents,
      notes: [...notes, ...found.notes, ...(compiled?.notes ?? [])],
      problems,
      unread,
      ...(remark === undefined ? {} : { remark }),
      ...nothing(documents),
    };
  }

  /** Reads and parses all files of a source. */
  async #read(source: SourceInput): Promise<ParsedSource> {
    const { snapshot, limits, target, env, decryptor } = source;
    const located = await listSource(snapshot, source.place, source.source, limits);
    const { folder, files, singleFile: anyName } = located;
    const { compose, overlay: over } = source.source;
    const isInOverlay = (path: string): boolean =>
      over !== undefined && `${joinPath(folder, path)}/`.startsWith(`${over}/`);
    const selected = selectPlain(located, source.source).filter(({ path }) => !isInOverlay(path));
    const input: RendererInput = { snapshot, folder, files, selected, anyName, limits, target, env, compose };
    const own = pickManifestFiles(input);
    const overlay = over === undefined ? NO_FILES : await listOverlay(snapshot, over, limits);
    const picked = [...own.files, ...overlay.files];
    const notes = [...own.notes, ...overlay.notes];
    const linkProblems = [...own.problems, ...overlay.problems];
    const unread = own.unread ?? overlay.unread;
    const read = async ({ file, blob }: ManifestFile) => decryptor.read(await snapshot.readBlob(blob), file);
    await snapshot.prepare?.(picked.map(({ blob }) => blob));
    const loaded = await this.#cache.load(picked, read, limits);
    const parsed = loaded.map((one, index) => withConfidence(one, picked[index]?.file ?? "", decryptor));
    const count = own.files.length;
    const outcomes = over === undefined ? parsed : applyOverlay(parsed.slice(0, count), parsed.slice(count));
    return { input, picked, notes, linkProblems, unread, outcomes };
  }
}

/** The files of a source, listed and parsed. */
interface ParsedSource {
  readonly input: RendererInput;
  readonly picked: readonly ManifestFile[];
  readonly notes: ManifestFiles["notes"];
  readonly linkProblems: ManifestFiles["problems"];
  readonly unread: string | undefined;
  /** One for each of `picked`. */
  readonly outcomes: readonly FileOutcome[];
}

/** Everything in a file that was encrypted is confidential, also what was not encrypted in it. */
function withConfidence(outcome: FileOutcome, file: string, { files }: FileDecryptor): FileOutcome {
  if (!outcome.ok || !files.has(file)) return outcome;
  return { ok: true, documents: outcome.documents.map((document) => ({ ...document, confidential: true })) };
}

/** The files that a plain source means. A kustomization or chart in a folder below is refused: its files are no manifests. */
function selectPlain({ folder, files, singleFile }: LocatedSource, source: SourceSelection): LocatedSource["files"] {
  if (singleFile) return files;
  const inReach =
    source.plain?.recurse === false
      ? files.filter(({ path, kind }) => kind !== "submodule" && !path.includes("/"))
      : files;
  const selected = selectFiles(inReach, source);
  const [stray] = detect(selected.map(({ path }) => path)).nested;
  if (stray !== undefined) {
    const product = stray.kind === "helm" ? "Helm" : "Kustomize";
    const generate = stray.kind === "kustomize" ? "source.kustomize.generate to use both, as Flux does, set " : "";
    throw new UnsupportedSourceError(
      `${JSON.stringify(joinPath(folder, stray.path))} makes its folder a ${product} source, below plain manifests. Set ${generate}` +
        "source.path to one or the other, or leave the folder out with source.exclude or source.plain.recurse: false",
    );
  }
  return source.plain === undefined ? selected : selected.filter(({ path }) => !MARKERS.has(path));
}
