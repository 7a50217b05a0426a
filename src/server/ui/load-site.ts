import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { StaticFile, StaticSite } from "../../http/static-files.js";

/** Media types of the files of the web UI, by extension. */
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** Scripts and styles come from this origin alone; nothing is inline, embedded or sent elsewhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types overseer",
].join("; ");

/** Headers of the page and its files. */
export const SITE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

const PAGE = "/index.html";

/**
 * Reads the files of the web UI into memory, once at the start. Files with `.br` or `.gz` are the compressed forms of others. Returns
 * undefined if the folder has no page: then there is no UI. Files of unknown types are not served. `pathPrefix`: path below which
 * a proxy serves the UI, like `/gitops`; empty for none.
 */
export async function loadSite(folder: string, pathPrefix = ""): Promise<StaticSite | undefined> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const known = new Set(names.map((name) => name.replaceAll("\\", "/")));
  const files = new Map<string, StaticFile>();
  for (const name of known) {
    const type = TYPES[extname(name)];
    if (type !== undefined) files.set(`/${name}`, await readSiteFile(folder, name, type, known));
  }
  const built = files.get(PAGE);
  if (built === undefined) return undefined;
  const page = pathPrefix === "" ? built : belowPrefix(built, pathPrefix);
  files.set(PAGE, page);
  files.set("/", page);
  return { files, page: PAGE, except: ["/api/", "/hooks/", "/assets/"], headers: SITE_HEADERS };
}

/** Returns the page with another base for all its addresses, without the compressed forms of the built one. */
function belowPrefix({ type, bytes, immutable }: StaticFile, pathPrefix: string): StaticFile {
  const text = bytes.toString("utf8").replace('<base href="/" />', `<base href="${encodeURI(pathPrefix)}/" />`);
  return { type, immutable, bytes: Buffer.from(text), etag: etagOf(text) };
}

function etagOf(bytes: Buffer | string): string {
  return `"${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}"`;
}

async function readSiteFile(
  folder: string,
  name: string,
  type: string,
  known: ReadonlySet<string>,
): Promise<StaticFile> {
  const read = (suffix: string): Promise<Buffer> | undefined =>
    known.has(name + suffix) ? readFile(join(folder, name + suffix)) : undefined;
  const [bytes, br, gzip] = await Promise.all([readFile(join(folder, name)), read(".br"), read(".gz")]);
  return {
    type,
    etag: etagOf(bytes),
    immutable: name.startsWith("assets/"),
    bytes,
    ...(br === undefined ? {} : { br }),
    ...(gzip === undefined ? {} : { gzip }),
  };
}
