import type { GitHttpRequest as IsomorphicRequest, GitHttpResponse as IsomorphicResponse } from "isomorphic-git";
import { Semaphore } from "../../base/semaphore.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { GitHttpClient } from "../http/client.js";
import type { GitLimits } from "../limits.js";
import { checkAdvertised } from "../protocol/advertisement.js";
import { readResponse } from "../protocol/read-response.js";
import { ShortAdvertisement } from "./short-advertisement.js";
import { splitUploadPack } from "./side-band.js";
import { VirtualGitDirectory } from "./virtual-fs.js";

/** Parameters of a negotiation. */
export interface Negotiation {
  readonly remote: GitRemote;
  /** Address of the repository, after redirects. */
  readonly base: string;
  /** A commit id, or a full ref name for servers that do not serve ids. */
  readonly want: string;
  /** A verified commit of the store whose objects need not be sent again. If unset, only the requested commit itself is sent. */
  readonly have: string | undefined;
  /** Commits of the store without their parents. */
  readonly shallow: readonly string[];
  readonly maxPackBytes: number;
  readonly signal: AbortSignal;
}

/** Unverified response of the server. */
export interface Negotiated {
  /** Empty if the server had nothing to send. */
  readonly pack: Buffer;
  /** Commits whose parents are missing from the store after adding the pack. */
  readonly shallow: readonly string[];
}

const FETCH_REMEDY = "remove large files from the repository, or raise the operator flag --git-max-fetch-bytes";
const HAVE_REF = "refs/overseer/have";
const FILES = {
  HEAD: "ref: refs/heads/main\n",
  config: '[core]\n\tbare = true\n[remote "origin"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n',
};

/**
 * Fetches with isomorphic-git: capability discovery, want and have, shallow commits. Returns the pack as received; refs and all
 * other output of isomorphic-git are discarded.
 */
export async function negotiate(http: GitHttpClient, limits: GitLimits, negotiation: Negotiation): Promise<Negotiated> {
  const { remote, base, want, have, shallow } = negotiation;
  const plugin = new HttpPlugin(http, limits, negotiation);
  const directory = new VirtualGitDirectory(
    `/${remote.id}`,
    {
      ...FILES,
      ...(have === undefined ? {} : { [HAVE_REF]: `${have}\n`, shallow: shallow.map((id) => `${id}\n`).join("") }),
    },
    have === undefined ? [] : [have],
  );
  // Loaded with the first fetch: it costs 11 MB and 70 ms of CPU, which a process that does not fetch saves.
  const library = await import("isomorphic-git");
  // In a bundle, a CommonJS package has only the default export.
  const { fetch } = "fetch" in library ? library : (library as { default: typeof library }).default;
  try {
    await fetch({
      fs: directory.fs,
      http: plugin,
      gitdir: directory.path,
      url: base,
      remote: "origin",
      remoteRef: want,
      singleBranch: true,
      tags: false,
      ...(have === undefined ? { depth: 1 } : { ref: HAVE_REF }),
    });
  } catch (error) {
    // Errors after the pack concern unused refs: a repository without a valid HEAD fails there.
    if (plugin.pack === undefined) throw asGitError(error, remote);
  }
  if (plugin.pack === undefined) {
    throw new GitError("GIT_EMPTY_REPOSITORY", `${remote.url} is empty: push a first commit`);
  }
  return { pack: plugin.pack, shallow: directory.read("shallow")?.split("\n").filter(Boolean) ?? [] };
}

/** HTTP plugin for isomorphic-git. Adds the credential, which isomorphic-git never sees. */
class HttpPlugin {
  /** The pack, after a fetch response has been received completely. */
  pack: Buffer | undefined;
  readonly #http: GitHttpClient;
  readonly #limits: GitLimits;
  readonly #negotiation: Negotiation;
  #base: string;

  constructor(http: GitHttpClient, limits: GitLimits, negotiation: Negotiation) {
    this.#http = http;
    this.#limits = limits;
    this.#negotiation = negotiation;
    this.#base = negotiation.base;
  }

  /** Called by isomorphic-git: GET for the advertisement, POST for the pack. */
  readonly request = async ({ url, method, headers, body }: IsomorphicRequest): Promise<IsomorphicResponse> => {
    const { remote, maxPackBytes, signal } = this.#negotiation;
    const isPost = method === "POST";
    const received = await this.#http.send({
      remote,
      base: this.#base,
      service: isPost ? "/git-upload-pack" : "/info/refs?service=git-upload-pack",
      headers: headers ?? {},
      maxBytes: isPost ? maxPackBytes : this.#limits.maxRefBytes,
      ...(isPost ? { remedy: FETCH_REMEDY } : {}),
      signal,
      ...(isPost ? { body: await joined(body) } : {}),
    });
    this.#base = received.base;
    if (!isPost) checkAdvertised(remote.url, received.contentType);
    const response = { url, statusCode: 200, statusMessage: "OK", headers: { "content-type": received.contentType } };
    // Read completely, because isomorphic-git treats an error within a stream as its end.
    if (!isPost) return { ...response, body: chunks(await this.#advertised(received.body)) };
    const { control, pack } = await splitUploadPack(received.body, remote.url);
    this.pack = pack;
    return { ...response, body: chunks(control) };
  };

  /** Reduces an advertisement to the lines that isomorphic-git needs: it reads the whole text at once. */
  #advertised(body: AsyncIterable<Buffer>): Promise<Buffer> {
    const { remote, want } = this.#negotiation;
    return readResponse({ body, reader: new ShortAdvertisement(want), url: remote.url, slots: new Semaphore(1) });
  }
}

async function joined(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body ?? []) parts.push(part);
  return Buffer.concat(parts);
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Converts the errors of isomorphic-git, which are about unreadable responses. Other errors and aborts are returned unchanged. */
function asGitError(error: unknown, remote: GitRemote): unknown {
  const name = error instanceof Error && "code" in error ? error.code : undefined;
  const isLibraryError = typeof name === "string" && /^[A-Z][A-Za-z]+Error$/.test(name);
  if (!isLibraryError) return error;
  return new GitError("GIT_PROTOCOL", `the response of ${remote.url} is not the Git protocol (${name})`, {
    cause: error,
  });
}
