import { jsonText } from "../../base/hash.js";
import { recognizePointer } from "../../manifest/recognize.js";
import { FileDecryptor } from "../../secrets/file-decryptor.js";
import { unreadSubmodule } from "../manifest-files.js";
import { parseOutput } from "../parse-output.js";
import type { ParseFiles } from "../parser.js";
import type { RenderProgram } from "../programs.js";
import { digestOfReads } from "../reads.js";
import { type RenderProblem, UnsupportedSourceError } from "../render-error.js";
import type { DeclaredInputs, Renderer, RendererOutput, SourceInput } from "../renderer.js";
import { joinPath, nameOf, parentOf, type RepositoryPath, resolveTarget } from "../repository-path.js";
import type { Note } from "../request.js";
import { Workspace } from "../workspace.js";
import { KustomizeClosure } from "./closure.js";
import { editTop, unmatchedImages } from "./edit-top.js";
import { explainKustomize } from "./explain.js";
import { withOrigin } from "./origins.js";
import { overlayOf, type TopSettings } from "./overlay.js";

/** Kustomizations, by `kubectl kustomize` on a private copy of the files that they name. */
export class KustomizeRenderer implements Renderer {
  readonly kind = "kustomize";
  readonly version = 2;
  readonly keepsResults = true;
  readonly #program: RenderProgram;
  readonly #parse: ParseFiles;

  constructor(program: RenderProgram, parseElsewhere: ParseFiles) {
    this.#program = program;
    this.#parse = parseElsewhere;
  }

  /** Every file that the kustomization and its bases name, wherever in the repository it is. */
  async declare(input: SourceInput): Promise<DeclaredInputs> {
    const { files, bases, problems, generated } = await this.#closure(input);
    const environment = { program: (await this.#program.version()) ?? "none" };
    const { kustomize = {} } = input.source;
    const remote = bases.map(({ repository, commit }) => [repository, commit]);
    const content = {
      ...{ renderer: "kustomize", reads: digestOfReads(files.reads), settings: kustomize },
      ...(remote.length === 0 ? {} : { remote }),
      ...(generated === undefined ? {} : { generated: generated.resources }),
      ...((generated?.submodules.length ?? 0) === 0 ? {} : { submodules: generated?.submodules }),
      // Never the key of a success: what refuses a base may be no part of the source.
      ...(problems.length === 0 ? {} : { problems: problems.map(({ message }) => message) }),
    };
    if (generated === undefined) return { content, environment, reads: files.reads };
    // A new file of the folder is another resource.
    const folder = folderOf(input.place.path, input.place.entry.kind);
    return { content, environment, reads: new Map([...files.reads, [folder, generated.tree]]) };
  }

  async render(input: SourceInput): Promise<RendererOutput> {
    if (input.target !== "kubernetes") {
      throw new UnsupportedSourceError(
        "Kustomize sources are for clusters: a Core takes plain documents of overseer.io",
      );
    }
    const closure = await this.#closure(input);
    const { file, problems } = closure;
    if (problems.length > 0) return { documents: [], notes: [], problems };
    if (file === undefined) return { documents: [], notes: [], problems: [noKustomization(input)] };
    const isSecret = closure.makesSecrets || input.decryptor.isActive;
    return Workspace.use((workspace) => this.#build(input, closure, file, workspace), isSecret);
  }

  #closure({ snapshot, place, source, openRemoteBase, limits }: SourceInput): Promise<KustomizeClosure> {
    const folder = folderOf(place.path, place.entry.kind);
    const { components, allowRemoteBases, generate: generates } = source.kustomize ?? {};
    const generate = generates === true ? { source, limits } : undefined;
    return KustomizeClosure.of(snapshot, folder, { components, allowRemoteBases, openRemoteBase, generate });
  }

  async #build(
    input: SourceInput,
    closure: KustomizeClosure,
    file: RepositoryPath,
    workspace: Workspace,
  ): Promise<RendererOutput> {
    const { place, source, limits, signal, decryptor } = input;
    const folder = folderOf(place.path, place.entry.kind);
    const edited = editTop(closure.rewritten.get(`repo/${file}`) ?? closure.top ?? {}, source.kustomize ?? {});
    const kustomize = edited.settings;
    // Keys of the app are not for files of other repositories.
    const others = closure.bases.map(({ files, copy: to, label }) => ({
      ...{ files, to, label },
      decryptor: new FileDecryptor(undefined),
    }));
    const remote = await Promise.all(closure.remoteFiles.map(({ root, blob }) => root.files.snapshot.readBlob(blob)));
    const pointers = closure.remoteFiles.flatMap(({ root, path }, index): RenderProblem[] => {
      const message = recognizePointer(remote[index] ?? new Uint8Array());
      return message === undefined ? [] : [{ origin: { file: `${root.label}${path}`, line: 1 }, message }];
    });
    if (pointers.length > 0) return { documents: [], notes: [], problems: pointers };
    const remoteBytes = remote.reduce((sum, { length }) => sum + length, 0);
    await workspace.copy([{ files: closure.files, decryptor, to: "repo" }, ...others], limits, remoteBytes);
    for (const [index, { path, copy }] of closure.remoteFiles.entries()) {
      await workspace.write(`${copy}/${nameOf(path)}`, remote[index] ?? "");
      await workspace.write(`${copy}/kustomization.yaml`, jsonText({ resources: [nameOf(path)] }));
    }
    const copies = [...closure.bases, ...closure.remoteFiles.map(fileCopy)];
    const rewritten = new Map([
      ...closure.rewritten,
      ...(edited.top === undefined ? [] : [[`repo/${file}`, edited.top] as const]),
    ]);
    for (const [path, value] of rewritten) await workspace.write(path, jsonText(value));
    const top = await topSettings(closure, folder, workspace);
    const components = (kustomize.components ?? []).map(
      (path) => `../repo/${resolveTarget(joinPath(folder, "x"), path)}`,
    );
    const overlay = overlayOf(kustomize, top.settings, `../repo/${folder}`, components);
    await workspace.write("overlay/kustomization.yaml", JSON.stringify(overlay));
    const hasSecrets = decryptor.files.size > 0;
    const { code, output, stderr } = await this.#program.run(
      ["kustomize", workspace.path("overlay")],
      workspace,
      signal,
    );
    if (code !== 0) {
      const bases = copies.map(({ copy, label }) => ({ folder: workspace.path(copy), label }));
      const context = {
        repository: workspace.path("repo"),
        overlay: workspace.path("overlay"),
        file,
        bases,
        texts: closure.texts,
      };
      const problem = explainKustomize(stderr, { ...context, makesSecrets: closure.makesSecrets || hasSecrets });
      return { documents: [], notes: [], problems: [problem] };
    }
    const { documents, problems } = await parseOutput([{ file, text: output }], limits, this.#parse);
    const roots = [{ copy: "repo", label: "" }, ...copies];
    const toRepository = (path: string): string | undefined => {
      const root = roots.find(({ copy }) => path.startsWith(`../${copy}/`));
      return root === undefined ? undefined : root.label + path.slice(`../${root.copy}/`.length);
    };
    const placed = documents.map((document) => ({
      ...withOrigin(document, toRepository, { file }, top.keepsOrigins),
      ...(hasSecrets ? { confidential: true } : {}),
    }));
    const nothing = `the kustomization ${JSON.stringify(file)} renders to no object`;
    const unmatched = unmatchedImages(
      kustomize,
      documents.map(({ object }) => object),
    ).map((name) => `source.kustomize.images: no image is named ${JSON.stringify(name)}, so the entry changes nothing`);
    const notes = [...edited.notes, ...unmatched].map((message): Note => ({ origin: { file }, message }));
    const submodules = (closure.generated?.submodules ?? []).map(unreadSubmodule);
    notes.push(...submodules.map(({ note }) => note));
    return { documents: placed, notes, problems, nothing, unread: submodules[0]?.unread };
  }
}

/** The folder of a remote file, and what its path begins with in messages. */
function fileCopy({ root, path, copy }: KustomizeClosure["remoteFiles"][number]): { copy: string; label: string } {
  const folder = parentOf(path);
  return { copy, label: folder === "" ? root.label : `${root.label}${folder}/` };
}

/** What of the source's own kustomization holds only in the topmost one, and whether it wants to keep origins. */
async function topSettings(
  { top = {}, files }: KustomizeClosure,
  folder: RepositoryPath,
  workspace: Workspace,
): Promise<{ settings: TopSettings; keepsOrigins: boolean }> {
  const own = Array.isArray(top.buildMetadata) ? top.buildMetadata.map(String) : [];
  const keepsOrigins = own.includes("originAnnotations");
  const isComponent = top.kind === "Component";
  const openapi = top.openapi as Readonly<Record<string, unknown>> | undefined;
  if (typeof openapi?.path !== "string")
    return { settings: { buildMetadata: own, openapi, isComponent }, keepsOrigins };
  const blob = files.files.get(resolveTarget(joinPath(folder, "x"), openapi.path) ?? "");
  if (blob !== undefined) await workspace.write("overlay/openapi.json", await files.snapshot.readBlob(blob));
  const settings = { buildMetadata: own, openapi: { ...openapi, path: "openapi.json" }, isComponent };
  return { settings, keepsOrigins };
}

function noKustomization({ place }: SourceInput): RenderProblem {
  const path = JSON.stringify(place.wanted === "" ? "." : place.wanted);
  return {
    message: `source.kustomize is set, and there is no kustomization.yaml at source.path ${path}: add one, set source.kustomize.generate to use all manifests below, or remove source.kustomize`,
  };
}

/** The folder of the kustomization that an app's path names: the path itself, or the folder of that file. */
function folderOf(path: RepositoryPath, kind: "tree" | "file"): RepositoryPath {
  return kind === "tree" ? path : parentOf(path);
}
