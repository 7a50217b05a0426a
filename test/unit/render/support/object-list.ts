import { parseOutput } from "../../../../src/render/parse-output.js";
import type { ParseFiles } from "../../../../src/render/parser.js";
import { idAt } from "../../../../src/render/reads.js";
import type { DeclaredInputs, Renderer, RendererOutput, SourceInput } from "../../../../src/render/renderer.js";
import { joinPath } from "../../../../src/render/repository-path.js";

/** Renders the list of objects in the file objects.json of the path. */
export class ObjectListRenderer implements Renderer {
  readonly kind = "plain";
  readonly version = 1;
  readonly keepsResults = false;
  readonly #parse: ParseFiles;

  constructor(parseElsewhere: ParseFiles) {
    this.#parse = parseElsewhere;
  }

  async declare(input: SourceInput): Promise<DeclaredInputs> {
    const { file, blob } = await listOf(input);
    return { content: { renderer: "objectList", blob }, reads: new Map([[file, blob]]) };
  }

  async render(input: SourceInput): Promise<RendererOutput> {
    const { file, blob } = await listOf(input);
    const problem = (message: string): RendererOutput => ({
      documents: [],
      notes: [],
      problems: [{ origin: { file }, message }],
    });
    if (blob === "") return problem("does not exist: add it, or remove source.objectList");
    const { bytes, secret } = await input.decryptor.read(await input.snapshot.readBlob(blob), file);
    const list: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (!Array.isArray(list)) return problem("is no list: write [{…}, {…}]");
    const texts = list.map((object) => ({ file, text: JSON.stringify(object) }));
    const { documents, problems } = await parseOutput(texts, input.limits, this.#parse);
    const kept = secret ? documents.map((document) => ({ ...document, confidential: true })) : documents;
    return { documents: kept, notes: [], problems, nothing: `${file} is an empty list` };
  }
}

/** The file, and the ID of its content; `""` if it does not exist. */
async function listOf({ snapshot, place }: SourceInput): Promise<{ readonly file: string; readonly blob: string }> {
  const file = joinPath(place.path, "objects.json");
  return { file, blob: await idAt(snapshot, file) };
}
