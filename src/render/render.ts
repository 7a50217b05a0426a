import type { GitSnapshot } from "../git/engine.js";
import { compareForApply } from "../manifest/order.js";
import { type Detection, detect, type RendererKind } from "./detect.js";
import { lostWithout } from "./kustomization.js";
import { DEFAULT_RENDER_LIMITS, type RenderLimits } from "./limits.js";
import type { SourceFile } from "./links.js";
import { locate } from "./locate.js";
import { orderNotes } from "./notes.js";
import { heedOtherTools } from "./other-tools.js";
import { refuseForKubernetes } from "./overseer/destination.js";
import { placeDocuments } from "./place.js";
import { RenderError, type RenderProblem, UnsupportedSourceError } from "./render-error.js";
import type { Renderer } from "./renderer.js";
import { joinPath } from "./repository-path.js";
import type { RenderRequest, RenderResult } from "./request.js";
import { selectFiles } from "./select.js";
import { describeNothing } from "./what-is-there.js";

/** Turns a commit into documents. All or nothing: a source with one bad file gives no documents. */
export class SourceRenderer {
  /** Unless a request has its own. */
  readonly limits: RenderLimits;
  readonly #renderers: ReadonlyMap<RendererKind, Renderer>;

  constructor(renderers: readonly Renderer[], limits: RenderLimits = DEFAULT_RENDER_LIMITS) {
    this.limits = limits;
    this.#renderers = new Map(renderers.map((renderer) => [renderer.kind, renderer]));
  }

  /**
   * Renders a source as it is in `snapshot`. The same commit and request always give the same documents.
   *
   * @throws PathNotFoundError, UnsupportedSourceError, RenderError with all problems of the source; whatever reading
   * the snapshot throws.
   */
  async render(request: RenderRequest, snapshot: GitSnapshot): Promise<RenderResult> {
    const limits = request.limits ?? this.limits;
    const { folder, files, singleFile } = await locate(snapshot, request.source, limits);
    const selected = singleFile ? files : selectFiles(files, request.source);
    const detection = detect(selected.map((file) => file.path));
    const renderer = this.#rendererFor(detection, folder);
    if (renderer === undefined) throw await unsupported(detection, folder, selected, snapshot);
    const { target = "kubernetes", env = {} } = request;
    const input = { snapshot, folder, files, selected, limits, anyName: singleFile, target, env };
    const { documents: prepared, notes, problems: found, remark, unread } = await renderer.render(input);
    const problems = target === "kubernetes" ? [...found, ...refuseForKubernetes(prepared)] : found;
    if (problems.length > 0) throw new RenderError(inOrder(problems), remark);
    const placed = placeDocuments(prepared, request);
    if (placed.problems.length > 0) throw new RenderError(inOrder(placed.problems));
    const heeded = target === "kubernetes" ? heedOtherTools(placed.documents) : undefined;
    const { documents = placed.documents, skipped = [] } = heeded ?? {};
    const { notes: kept, omitted } = orderNotes([...notes, ...placed.notes, ...(heeded?.notes ?? [])]);
    return {
      documents: [...documents].sort((a, b) => compareForApply(a.id, b.id)),
      ...(skipped.length === 0 ? {} : { skipped: new Set(skipped.map(({ key }) => key)) }),
      ...(unread === undefined ? {} : { unread }),
      notes: kept,
      notesOmitted: omitted,
      unknownKinds: placed.unknownKinds,
      ...(placed.documents.length > 0 ? {} : { nothing: describeNothing(folder, files, selected, singleFile) }),
    };
  }

  #rendererFor({ kind, nested }: Detection, folder: string): Renderer | undefined {
    const renderer = this.#renderers.get(kind);
    if (renderer === undefined) return undefined;
    const stray = kind === "plain" ? nested[0] : undefined;
    if (stray) throw new UnsupportedSourceError(straySource(stray.kind, joinPath(folder, stray.path)));
    return renderer;
  }
}

const PRODUCT: Readonly<Record<RendererKind, string>> = { plain: "Plain", kustomize: "Kustomize", helm: "Helm" };

/** What makes a source one that is not rendered, and what to do: leaving the file out is advised where nothing is lost by it. */
async function unsupported(
  { kind, marker }: Detection,
  folder: string,
  selected: readonly SourceFile[],
  snapshot: Pick<GitSnapshot, "readBlob">,
): Promise<UnsupportedSourceError> {
  const path = marker?.path ?? "";
  const head = `${PRODUCT[kind]} sources are not rendered by this version; ${JSON.stringify(joinPath(folder, path))} makes this one.`;
  if (kind === "helm")
    return new UnsupportedSourceError(`${head} Commit what helm template prints and set source.path to that`);
  const blob = selected.find((file) => file.path === path && file.kind === "file")?.blob;
  const text = blob === undefined ? "" : new TextDecoder().decode(await snapshot.readBlob(blob));
  const lost = lostWithout(
    text,
    path,
    selected.map((file) => file.path),
  );
  const remedy =
    lost.length === 0
      ? `It only lists files that stand beside it: leave it out with source.exclude: [${JSON.stringify(path)}]`
      : `Commit what kustomize build prints and set source.path to that; leaving the file out would lose ${lost.join(", ")}`;
  return new UnsupportedSourceError(`${head} ${remedy}`);
}

function straySource(kind: RendererKind, marker: string): string {
  return (
    `${JSON.stringify(marker)} makes its folder a ${PRODUCT[kind]} source, below plain manifests. Set source.path to ` +
    "one or the other, or leave the folder out with source.exclude"
  );
}

function inOrder(problems: readonly RenderProblem[]): RenderProblem[] {
  return [...problems].sort((a, b) => {
    const [fileA, fileB] = [a.origin?.file ?? "", b.origin?.file ?? ""];
    if (fileA !== fileB) return fileA < fileB ? -1 : 1;
    return (a.origin?.line ?? 0) - (b.origin?.line ?? 0);
  });
}
