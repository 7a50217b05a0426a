import { posix } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { LRUCache } from "lru-cache";
import { unpackTar } from "modern-tar";
import type { GitSnapshot } from "../../git/engine.js";
import { ENCRYPTED_PREFIX } from "../../secrets/sops/encrypted-value.js";
import type { SourceFile } from "../links.js";
import type { RepositoryPath } from "../repository-path.js";
import { outsideReference } from "./values-schema.js";

/** What the templates of a chart use that matters to the one who renders it. */
export interface TemplateUse {
  /** Asks for the version of Kubernetes, or for the kinds that are served. */
  readonly capabilities: boolean;
  /** Functions whose result is another one each time. */
  readonly random: boolean;
  /** Reads objects of the cluster, which a render cannot. */
  readonly lookup: boolean;
  /** Reads files of the chart. */
  readonly files: boolean;
  /** Renders texts such as values as templates. */
  readonly texts: boolean;
  /** Why Helm must not read the schemas of values. */
  readonly unvalidated: string | undefined;
}

/** What a file of a chart, or values from elsewhere, use. */
export interface FoundUse extends TemplateUse {
  /** The file in the repository; undefined for values from elsewhere. */
  readonly file?: RepositoryPath;
  /** What values from elsewhere are called. */
  readonly name?: string;
}

/** Texts that a chart may render as templates. */
export interface ChartTexts {
  readonly files: readonly { readonly file: RepositoryPath; readonly blob: string }[];
  /** Values from elsewhere, by what they are called. */
  readonly others: readonly { readonly name: string; readonly text: string }[];
}

/** What a file uses as a template; as values, where a template renders texts; and as a text that a template reads and renders. */
interface Look {
  readonly use: TemplateUse;
  readonly values: TemplateUse;
  readonly text: TemplateUse;
}

const NOTHING: TemplateUse = {
  ...{ capabilities: false, random: false, lookup: false, files: false, texts: false },
  unvalidated: undefined,
};
const NO_LOOK: Look = { use: NOTHING, values: NOTHING, text: NOTHING };
/** An archive that cannot be inspected. */
const UNKNOWN: Look = {
  ...NO_LOOK,
  use: { ...NOTHING, capabilities: true, files: true, unvalidated: "cannot be looked through" },
};
const RANDOM =
  /\b(?:rand(?:AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|gen(?:PrivateKey|CA|CAWithKey|SelfSignedCert|SelfSignedCertWithKey|SignedCert|SignedCertWithKey)|uuidv4|now|htpasswd|bcrypt|encryptAES|shuffle)\b/;
const LOOKUP = /[({|=\s]lookup\s+["(.$]/;
/** Bytes of an archive with all archives in it. */
const MAX_UNPACKED = 64 * 2 ** 20;
/** How deep archives may be in one another. */
const MAX_DEPTH = 4;

const unpack = promisify(gunzip);

/** Looks through charts, each content once. */
export class TemplateInspector {
  readonly #known = new LRUCache<string, Look>({ max: 20_000 });

  /**
   * What the files of a chart and of those in it use. `placeOf`: where a file of the chart is in the repository. Values count where a
   * template renders texts, and other files where one also reads files. What uses nothing of interest is absent.
   */
  async inspect(
    files: readonly SourceFile[],
    placeOf: (path: string) => RepositoryPath,
    { files: valueFiles, others }: ChartTexts,
    snapshot: Pick<GitSnapshot, "readBlob">,
  ): Promise<readonly FoundUse[]> {
    const templates: { file: RepositoryPath; look: Look }[] = [];
    const values: { file: RepositoryPath; blob: string }[] = [...valueFiles];
    const rest: { file: RepositoryPath; blob: string }[] = [];
    for (const { path, blob, kind, fault } of files) {
      if (fault !== undefined || kind === "submodule" || kind === "symlink") continue;
      const file = placeOf(path);
      const form = formOf(path);
      if (form === "values") values.push({ file, blob });
      else if (form === "text") rest.push({ file, blob });
      else if (form !== undefined) templates.push({ file, look: await this.#look(blob, form, snapshot) });
    }
    const uses: FoundUse[] = templates.map(({ file, look }) => ({ ...look.use, file }));
    if (uses.some(({ texts }) => texts)) {
      const readsFiles = uses.some((use) => use.files);
      uses.push(...templates.map(({ file, look }) => ({ ...look.values, file })));
      for (const { file, blob } of values) uses.push({ ...(await this.#look(blob, "values", snapshot)).values, file });
      uses.push(...others.map(({ name, text }) => ({ ...useOf(text), name })));
      if (readsFiles) {
        uses.push(...templates.map(({ file, look }) => ({ ...look.text, file })));
        for (const { file, blob } of rest) uses.push({ ...(await this.#look(blob, "text", snapshot)).text, file });
      }
    }
    return uses.filter(
      ({ capabilities, random, lookup, files: reads, unvalidated }) =>
        capabilities || random || lookup || reads || unvalidated !== undefined,
    );
  }

  async #look(blob: string, form: Form, snapshot: Pick<GitSnapshot, "readBlob">): Promise<Look> {
    const key = `${form} ${blob}`;
    const look = this.#known.get(key) ?? (await lookAt(await snapshot.readBlob(blob), form, { bytes: MAX_UNPACKED }));
    this.#known.set(key, look);
    return look;
  }
}

/** What a file of a chart is; undefined for pages for people. */
type Form = "template" | "archive" | "chart" | "schema" | "values" | "text";

function formOf(path: string): Form | undefined {
  if (/^(?:charts\/[^/]+\/)*charts\/[^/]+\.tgz$/.test(path)) return "archive";
  if (/(^|\/)templates\//.test(path)) return "template";
  if (/^(?:charts\/[^/]+\/)+Chart\.yaml$/.test(path)) return "chart";
  if (/^(?:charts\/[^/]+\/)*values\.schema\.json$/.test(path)) return "schema";
  return /^(?:charts\/[^/]+\/)*values\.yaml$/.test(path) ? "values" : /\.md$/i.test(path) ? undefined : "text";
}

/** `room`: bytes that archives may still take. */
async function lookAt(bytes: Uint8Array, form: Form, room: { bytes: number }, depth = 0): Promise<Look> {
  if (form !== "archive") return lookAtText(Buffer.from(bytes).toString("latin1"), form);
  if (depth >= MAX_DEPTH) return UNKNOWN;
  try {
    const tar = (await unpack(bytes, { maxOutputLength: room.bytes })) as Buffer;
    room.bytes -= tar.length;
    let all = NO_LOOK;
    for (const { header, data } of await unpackTar(tar, { strict: true })) {
      const inside = formOf(pathInArchive(header.name));
      if (inside === undefined || data === undefined) continue;
      const { use, values, text } = await lookAt(data, inside, room, depth + 1);
      all = { use: either(all.use, use), values: either(all.values, values), text: either(all.text, text) };
    }
    return all;
  } catch {
    return UNKNOWN;
  }
}

/** Where Helm puts a file of an archive, whose first folder is that of the chart. */
function pathInArchive(name: string): string {
  const [, ...parts] = name.split(name.includes("\\") ? "\\" : "/");
  return posix.join("charts/chart", ...parts);
}

function lookAtText(text: string, form: Exclude<Form, "archive">): Look {
  switch (form) {
    case "template":
      return { ...NO_LOOK, use: useOf(text) };
    case "chart":
      // A chart for some versions of Kubernetes cannot be rendered for others.
      return { ...NO_LOOK, use: { ...NOTHING, capabilities: /^["']?kubeVersion["']?[ \t]*:/m.test(text) } };
    case "schema": {
      const outside = outsideReference(text);
      if (outside === undefined) return NO_LOOK;
      const unvalidated = `refers to ${JSON.stringify(outside.slice(0, 200))}, which is not read`;
      return { ...NO_LOOK, use: { ...NOTHING, unvalidated } };
    }
    case "values":
      return { ...NO_LOOK, values: useOf(text.replace(/^[ \t]*#.*$/gm, "")) };
    case "text":
      return { ...NO_LOOK, text: useOf(text) };
  }
}

function useOf(text: string): TemplateUse {
  const actions = actionsIn(text).join("\n");
  return {
    // What is encrypted can use anything.
    capabilities: /\.Capabilities\b/.test(actions) || text.includes(ENCRYPTED_PREFIX),
    random: RANDOM.test(actions),
    lookup: LOOKUP.test(actions),
    files: /\.Files\b/.test(actions),
    texts: /\btpl\b/.test(actions),
    unvalidated: undefined,
  };
}

/** What stands between `{{` and `}}`, comments aside. Templates are not trusted: the time grows with their length alone. */
function actionsIn(text: string): string[] {
  const actions: string[] = [];
  for (let open = text.indexOf("{{"); open >= 0; ) {
    const close = text.indexOf("}}", open + 2);
    if (close < 0) break;
    const action = text.slice(open, close);
    if (!/^\{\{-?\s*\/\*/.test(action)) actions.push(action);
    open = text.indexOf("{{", close + 2);
  }
  return actions;
}

function either(a: TemplateUse, b: TemplateUse): TemplateUse {
  return {
    capabilities: a.capabilities || b.capabilities,
    random: a.random || b.random,
    lookup: a.lookup || b.lookup,
    files: a.files || b.files,
    texts: a.texts || b.texts,
    unvalidated: a.unvalidated ?? b.unvalidated,
  };
}
