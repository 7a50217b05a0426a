import type { ComposeSource } from "../../../../../src/api/compose-source.js";
import type { KubeObject } from "../../../../../src/manifest/document.js";
import { RenderError } from "../../../../../src/render/render-error.js";
import type { KeyTexts } from "../../../../../src/secrets/sops/age-keys.js";
import { renderFiles, request } from "../../support/harness.js";
import type { MemoryFile } from "../../support/memory-snapshot.js";

/** What a test may say of a compilation. */
export interface CompileOptions {
  /** Lines of the spec besides `compose`, each with two blanks at the beginning. */
  readonly spec?: string;
  /** Other files of the source. */
  readonly files?: Readonly<Record<string, MemoryFile>>;
  readonly cluster?: ComposeSource;
  readonly env?: Readonly<Record<string, string>>;
  /** Keys for encrypted files. */
  readonly decryption?: KeyTexts;
}

/** A compiled app. */
export interface Compiled {
  /** Objects by `Kind name`. */
  readonly objects: Readonly<Record<string, KubeObject>>;
  /** `line message` of each note, without the note about Pod Security. */
  readonly notes: readonly string[];
  /** `file:line message` of each problem. */
  readonly problems: readonly string[];
}

/** Compiles the App `web` with an inline Compose document. */
export function compile(compose: string, options: CompileOptions = {}): Promise<Compiled> {
  const indented = compose.trim().replaceAll(/^/gm, "    ");
  const text = `apiVersion: overseer.io/v1\nkind: App\nmetadata:\n  name: web\nspec:\n${options.spec ?? ""}  compose:\n${indented}\n`;
  return compileFiles({ "app.yaml": text, ...options.files }, options);
}

/** Compiles the files of a source. */
export async function compileFiles(
  files: Readonly<Record<string, MemoryFile>>,
  { cluster, env = {}, decryption }: CompileOptions = {},
): Promise<Compiled> {
  const external = decryption === undefined ? undefined : { digest: "", variables: new Map(), values: [], decryption };
  const wanted = request("", { env, external });
  const source = {
    ...wanted.source,
    ...(cluster === undefined ? {} : { compose: cluster }),
    ...(decryption === undefined ? {} : { decryption: { provider: "sops", secretRef: { name: "age" } } as const }),
  };
  try {
    const { documents, notes } = await renderFiles(files, { ...wanted, source });
    const texts = notes.map(({ origin, message }) => `${origin?.line} ${message}`);
    return {
      objects: Object.fromEntries(documents.map(({ id, object }) => [`${id.kind} ${id.name}`, object])),
      notes: texts.filter((text) => !text.includes("Pod Security level")),
      problems: [],
    };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return {
      objects: {},
      notes: [],
      problems: error.problems.map(({ origin, message }) => `${origin?.file}:${origin?.line} ${message}`),
    };
  }
}

/** The spec of the pods of an object. */
export function podOf(compiled: Compiled, name: string): Record<string, unknown> {
  const spec = compiled.objects[name]?.spec as { template: { spec: Record<string, unknown> } } | undefined;
  if (spec === undefined) throw new Error(`there is no ${name}: ${Object.keys(compiled.objects)} ${compiled.problems}`);
  return spec.template.spec;
}

/** The first container of an object. */
export function containerOf(compiled: Compiled, name: string): Record<string, unknown> {
  const [first] = podOf(compiled, name).containers as Record<string, unknown>[];
  return first ?? {};
}
