import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { LRUCache } from "lru-cache";
import type { GitSnapshot } from "../../git/engine.js";
import type { SourceFile } from "../links.js";

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
}

const NOTHING: TemplateUse = { capabilities: false, random: false, lookup: false, files: false };
/** An archive that cannot be inspected. */
const UNKNOWN: TemplateUse = { ...NOTHING, capabilities: true, files: true };
const RANDOM =
  /\b(?:rand(?:AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|gen(?:PrivateKey|CA|CAWithKey|SelfSignedCert|SelfSignedCertWithKey|SignedCert|SignedCertWithKey)|uuidv4|now|htpasswd|bcrypt|encryptAES|shuffle)\b/;
const LOOKUP = /[({|=\s]lookup\s+["(.$]/;
const MAX_UNPACKED = 64 * 2 ** 20;

const unpack = promisify(gunzip);

/** Looks through templates, each content once. */
export class TemplateInspector {
  readonly #known = new LRUCache<string, TemplateUse>({ max: 20_000 });

  /** What each template and vendored archive among the files uses; files that use nothing of interest are absent. */
  async inspect(
    files: readonly SourceFile[],
    snapshot: Pick<GitSnapshot, "readBlob">,
  ): Promise<ReadonlyMap<string, TemplateUse>> {
    const found = new Map<string, TemplateUse>();
    for (const { path, blob, kind, fault } of files) {
      const isArchive = /^charts\/[^/]+\.tgz$/.test(path);
      if (fault !== undefined || kind === "submodule" || kind === "symlink") continue;
      if (!isArchive && !/(^|\/)templates\//.test(path)) continue;
      const use = this.#known.get(blob) ?? (await look(await snapshot.readBlob(blob), isArchive));
      this.#known.set(blob, use);
      if (Object.values(use).some(Boolean)) found.set(path, use);
    }
    return found;
  }
}

async function look(bytes: Uint8Array, isArchive: boolean): Promise<TemplateUse> {
  if (!isArchive) return useOf(Buffer.from(bytes).toString("latin1"));
  try {
    const tar = (await unpack(bytes, { maxOutputLength: MAX_UNPACKED })) as Buffer;
    return templatesOf(tar).map(useOf).reduce(either, NOTHING);
  } catch {
    return UNKNOWN;
  }
}

function useOf(text: string): TemplateUse {
  const actions = actionsIn(text).join("\n");
  return {
    capabilities: /\.Capabilities\b/.test(actions),
    random: RANDOM.test(actions),
    lookup: LOOKUP.test(actions),
    files: /\.Files\b/.test(actions),
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
  };
}

/** The texts of the templates in a tar archive. */
function templatesOf(tar: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString("latin1", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 136).replace(/[\0 ]+$/, ""), 8);
    if (name === "" || !Number.isSafeInteger(size) || size < 0) break;
    if (/\/templates\//.test(name)) texts.push(tar.toString("latin1", at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return texts;
}
