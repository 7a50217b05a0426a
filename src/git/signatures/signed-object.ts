import { GitError } from "../errors.js";

/** Formats of signatures in commits and tags. */
export type SignatureFormat = "ssh" | "openpgp" | "x509";

/** A signature, and the bytes that it is about. */
export interface DetachedSignature {
  readonly format: SignatureFormat;
  /** Armored text. */
  readonly text: string;
  readonly payload: Buffer;
}

/** A commit, read strictly: what verifiers, Git and this operator could read differently is refused. */
export interface SignedCommit {
  readonly parents: readonly string[];
  /** `Name <address>`. */
  readonly author: string;
  /** Undefined if the commit is not signed. */
  readonly signature: DetachedSignature | undefined;
}

/** An annotated tag, read as strictly. */
export interface SignedTag {
  readonly target: string;
  readonly type: string;
  readonly name: string;
  /** `Name <address>`. */
  readonly tagger: string;
  readonly signature: DetachedSignature | undefined;
}

const ARMOR: Readonly<Record<string, SignatureFormat>> = {
  "-----BEGIN SSH SIGNATURE-----": "ssh",
  "-----BEGIN PGP SIGNATURE-----": "openpgp",
  "-----BEGIN PGP MESSAGE-----": "openpgp",
  "-----BEGIN SIGNED MESSAGE-----": "x509",
};

const COMMIT_HEADERS = ["tree", "author", "committer"] as const;

/**
 * Splits a commit object into its signature and the signed bytes, which are all others. Throws `GIT_SIGNATURE_INVALID` for an
 * object with NUL bytes, repeated or misplaced headers, or several signatures. `what` names the commit in messages.
 */
export function readSignedCommit(content: Uint8Array, what: string): SignedCommit {
  const { headers, rest } = readHeaders(content, what);
  const names = headers.map(({ name }) => name);
  const parents = headers.filter(({ name }) => name === "parent").map(({ value }) => value);
  const expected = ["tree", ...parents.map(() => "parent"), "author", "committer"];
  if (expected.some((name, index) => names[index] !== name)) throw malformed(what, "its headers are out of order");
  const repeated = COMMIT_HEADERS.find((name) => names.lastIndexOf(name) !== names.indexOf(name));
  if (repeated !== undefined) throw malformed(what, `the header ${repeated} occurs twice`);
  if (![headers[0]?.value ?? "", ...parents].every((id) => /^[0-9a-f]{40}$/.test(id)))
    throw malformed(what, "an object id in its headers is malformed");
  const signatures = headers.filter(({ name }) => name.startsWith("gpgsig"));
  if (signatures.length > 1) throw malformed(what, "it has several signatures");
  const signature = signatures[0];
  if (signature !== undefined && signature.name !== "gpgsig")
    throw malformed(what, `it is signed in the header ${signature.name}, which is not supported`);
  const payload = headers.filter((header) => header !== signature).map(({ raw }) => raw);
  return {
    parents,
    author: person(headers.find(({ name }) => name === "author")?.value),
    signature: signature && detached(signature.value, Buffer.from(`${payload.join("")}${rest}`, "latin1"), what),
  };
}

/** Splits an annotated tag likewise; its signature is at the end. */
export function readSignedTag(content: Uint8Array, what: string): SignedTag {
  const { headers, rest } = readHeaders(content, what);
  const names = headers.map(({ name }) => name).join(" ");
  if (!/^object type tag( tagger)?$/.test(names)) throw malformed(what, "its headers are not those of a tag");
  const [target, type, name, tagger] = headers.map(({ value }) => value);
  const starts = [...rest.matchAll(/^-----BEGIN [A-Z ]+-----$/gm)].filter(([line]) => ARMOR[line] !== undefined);
  if (starts.length > 1) throw malformed(what, "it has several signatures");
  const at = starts[0]?.index;
  const head = headers.map(({ raw }) => raw).join("");
  return {
    target: target ?? "",
    type: type ?? "",
    name: Buffer.from(name ?? "", "latin1").toString("utf8"),
    tagger: person(tagger),
    signature:
      at === undefined
        ? undefined
        : detached(rest.slice(at), Buffer.from(`${head}${rest.slice(0, at)}`, "latin1"), what),
  };
}

/** Returns a text of an object for messages: one line, without control characters, not too long. */
export function shownText(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, 100);
}

interface Header {
  readonly name: string;
  readonly value: string;
  /** With its line breaks. */
  readonly raw: string;
}

/** Reads headers with their continuation lines, as latin1, which keeps every byte. `rest` begins with the empty line. */
function readHeaders(content: Uint8Array, what: string): { headers: Header[]; rest: string } {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("latin1");
  if (text.includes("\0")) throw malformed(what, "it contains a NUL byte");
  const end = text.indexOf("\n\n");
  if (end < 0) throw malformed(what, "its headers have no end");
  const headers: Header[] = [];
  for (const block of text.slice(0, end + 1).match(/[^\n]*\n( [^\n]*\n)*/g) ?? []) {
    const space = block.search(/[ \n]/);
    const value = block.slice(space + 1, -1).replace(/\n /g, "\n");
    if (space <= 0) throw malformed(what, "a header has no name");
    headers.push({ name: block.slice(0, space), value, raw: block });
  }
  return { headers, rest: text.slice(end + 1) };
}

function detached(text: string, payload: Buffer, what: string): DetachedSignature {
  const lines = text.trimEnd().split("\n");
  const format = ARMOR[lines[0] ?? ""];
  if (format === undefined) throw malformed(what, "its signature has an unknown format");
  const isOne = lines.filter((line) => line.startsWith("-----")).length === 2;
  if (!isOne || lines.at(-1) !== lines[0]?.replace("BEGIN", "END"))
    throw malformed(what, "its signature is not exactly one block");
  return { format, text: `${lines.join("\n")}\n`, payload };
}

function person(value: string | undefined): string {
  const text = Buffer.from(value ?? "", "latin1").toString("utf8");
  return shownText(text.replace(/ -?\d+ [+-]\d{4}$/, "")) || "an unknown author";
}

function malformed(what: string, why: string): GitError {
  return new GitError("GIT_SIGNATURE_INVALID", `${what} cannot be verified: ${why}; create it again with git`);
}
