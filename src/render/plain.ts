import type { PreparedDocument } from "../manifest/to-document.js";
import { pickManifestFiles } from "./manifest-files.js";
import { expandSource } from "./overseer/expand-source.js";
import type { ParseCache } from "./parse-cache.js";
import { fromManifestProblem, type RenderProblem } from "./render-error.js";
import type { Renderer, RendererInput, RendererOutput } from "./renderer.js";

/** Plain manifests: every YAML and JSON file of the source, as it is; for an Overseer Core, its documents are expanded. */
export class PlainRenderer implements Renderer {
  readonly kind = "plain";
  readonly #cache: ParseCache;

  constructor(cache: ParseCache) {
    this.#cache = cache;
  }

  async render(input: RendererInput): Promise<RendererOutput> {
    const { snapshot, limits } = input;
    const { files, notes, problems: linkProblems, unread } = pickManifestFiles(input);
    const outcomes = await this.#cache.load(files, (blob) => snapshot.readBlob(blob), limits);
    if (input.target === "overseer") {
      const expanded = await expandSource(input, files, outcomes);
      const problems = [...linkProblems, ...expanded.problems];
      return { ...expanded, notes: [...notes, ...expanded.notes], problems, unread };
    }
    const problems: RenderProblem[] = [...linkProblems];
    const documents: PreparedDocument[] = [];
    for (const outcome of outcomes) {
      if (outcome.ok) documents.push(...outcome.documents);
      else problems.push(...outcome.problems.map(fromManifestProblem));
    }
    return { documents, notes, problems, unread };
  }
}
