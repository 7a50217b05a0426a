import { compareBuild, type SemVer } from "semver";
import type { GitRef } from "../../api/git-ref.js";
import { editDistance } from "../../base/edit-distance.js";
import type { RemoteRefs } from "../engine.js";
import { GitError } from "../errors.js";
import { parseVersionRange, parseVersionTag, type VersionRange, VersionRangeError } from "./version-range.js";

/** Desired revision. Defaults to the remote's HEAD. */
export type GitRefSpec = GitRef;

/** Result of resolving a ref spec. */
export interface ResolvedRef {
  readonly commit: string;
  /** Full name of the resolved ref; undefined for a commit requested by its id. */
  readonly ref: string | undefined;
  /** For messages and statuses: `main@sha1:<id>`, `v1.2.3@sha1:<id>`, `refs/…@sha1:<id>`, `sha1:<id>`. */
  readonly revision: string;
}

const BRANCHES = "refs/heads/";
const TAGS = "refs/tags/";

/**
 * Resolves `spec` among `refs`. If several fields are set, the precedence is commit, name, semver, tag, branch. Throws
 * `GIT_REF_NOT_FOUND` (with the nearest existing names), `GIT_EMPTY_REPOSITORY` or `GIT_REF_INVALID`.
 */
export function resolveRef(spec: GitRefSpec, refs: RemoteRefs): ResolvedRef {
  checkRefSpec(spec);
  if (spec.commit !== undefined) return byCommit(spec.commit, spec.branch);
  if (refs.refs.size === 0) throw empty(spec);
  if (spec.name !== undefined) return byName(spec.name, spec.name, refs, "ref");
  if (spec.semver !== undefined) return bySemver(spec.semver, spec.semverPrefix ?? "", refs);
  if (spec.tag !== undefined) return byName(TAGS + spec.tag, spec.tag, refs, "tag");
  if (spec.branch !== undefined) return byName(BRANCHES + spec.branch, spec.branch, refs, "branch");
  return byHead(refs);
}

/**
 * Returns the ref prefixes that one poll must request to resolve all of `specs`. HEAD is always included: it distinguishes an
 * empty repository from a missing ref. With `wide`, all branches or tags are requested, so that an error can name the nearest.
 */
export function refPrefixes(specs: readonly GitRefSpec[], wide = false): string[] {
  const prefixes = new Set(["HEAD"]);
  for (const { commit, name, semver, semverPrefix = "", tag, branch } of specs) {
    if (commit !== undefined) continue;
    if (name !== undefined) prefixes.add(wide ? name.slice(0, name.lastIndexOf("/") + 1) : name);
    else if (semver !== undefined) prefixes.add(wide ? TAGS : TAGS + semverPrefix);
    else if (tag !== undefined) prefixes.add(wide ? TAGS : TAGS + tag);
    else if (wide) prefixes.add(BRANCHES);
    else if (branch !== undefined) prefixes.add(BRANCHES + branch);
  }
  const sorted = [...prefixes].sort();
  return sorted.filter((prefix) => !sorted.some((other) => other !== prefix && prefix.startsWith(other)));
}

/** Throws `GIT_REF_INVALID` for a spec that can never be resolved. */
export function checkRefSpec(spec: GitRefSpec): void {
  if (spec.commit !== undefined && !/^[0-9a-f]{40}$/.test(spec.commit)) {
    throw invalid("commit", spec.commit, "a full commit id has 40 lower-case hex digits");
  }
  if (spec.name !== undefined && spec.name !== "HEAD" && !spec.name.startsWith("refs/")) {
    throw invalid("name", spec.name, "a full ref name starts with refs/");
  }
  if (spec.semver !== undefined) readRange(spec.semver);
  if (spec.semverPrefix !== undefined && !isRefName(`${spec.semverPrefix}1.0.0`))
    throw invalid("semverPrefix", spec.semverPrefix, "not the start of a valid tag name");
  for (const member of ["name", "tag", "branch"] as const) {
    const name = spec[member];
    if (name !== undefined && !isRefName(name)) throw invalid(member, name, "not a valid Git ref name");
  }
}

function byCommit(commit: string, branch: string | undefined): ResolvedRef {
  return { commit, ref: branch === undefined ? undefined : BRANCHES + branch, revision: `sha1:${commit}` };
}

function byHead(refs: RemoteRefs): ResolvedRef {
  const commit = refs.refs.get("HEAD");
  if (commit === undefined) {
    throw new GitError(
      "GIT_REF_NOT_FOUND",
      "the repository has no default branch (its HEAD does not resolve): set ref.branch",
    );
  }
  const ref = refs.head ?? "HEAD";
  return { commit, ref, revision: revision(ref.startsWith(BRANCHES) ? ref.slice(BRANCHES.length) : ref, commit) };
}

function byName(ref: string, shown: string, refs: RemoteRefs, kind: "ref" | "tag" | "branch"): ResolvedRef {
  const commit = refs.refs.get(ref);
  if (commit !== undefined) return { commit, ref, revision: revision(shown, commit) };
  const namespace = ref.slice(0, ref.length - shown.length);
  const existing = [...refs.refs.keys()].filter((name) => name !== "HEAD" && name.startsWith(namespace));
  const near = nearestNames(
    shown,
    existing.map((name) => name.slice(namespace.length)),
  );
  const hint = near.length === 0 ? "" : `; similar names: ${near.map((name) => JSON.stringify(name)).join(", ")}`;
  throw new GitError("GIT_REF_NOT_FOUND", `the repository has no ${kind} ${JSON.stringify(shown)}${hint}`);
}

function bySemver(text: string, prefix: string, refs: RemoteRefs): ResolvedRef {
  const range = readRange(text);
  let best: VersionTag | undefined;
  let highest: VersionTag | undefined;
  let versions = 0;
  for (const [ref, commit] of refs.refs) {
    const tag = ref.startsWith(TAGS) ? ref.slice(TAGS.length) : "";
    const version = tag.startsWith(prefix) ? parseVersionTag(tag.slice(prefix.length)) : undefined;
    if (version === undefined) continue;
    versions++;
    const candidate = { version, tag, commit };
    if (isHigher(candidate, highest)) highest = candidate;
    if (range.has(version) && isHigher(candidate, best)) best = candidate;
  }
  if (best === undefined) {
    throw new GitError(
      "GIT_REF_NOT_FOUND",
      `none of the ${versions} version tags${prefix === "" ? "" : ` with the prefix ${JSON.stringify(prefix)}`} is in the range ${JSON.stringify(text)}${highest === undefined ? "" : `; the highest is ${JSON.stringify(highest.tag)}`}; pre-releases match only if the range contains one, as in >=1.0.0-0`,
    );
  }
  return { commit: best.commit, ref: TAGS + best.tag, revision: revision(best.tag, best.commit) };
}

/** A tag that represents a version. */
interface VersionTag {
  readonly version: SemVer;
  readonly tag: string;
  readonly commit: string;
}

/** Of two tags for the same version, the one with more components wins, then the alphabetically first. */
function isHigher(one: VersionTag, other: VersionTag | undefined): boolean {
  if (other === undefined) return true;
  const order = compareBuild(one.version, other.version) || dots(one.tag) - dots(other.tag);
  return order === 0 ? one.tag < other.tag : order > 0;
}

function dots(tag: string): number {
  return tag.split("+")[0]?.split(".").length ?? 0;
}

function readRange(text: string): VersionRange {
  try {
    return parseVersionRange(text);
  } catch (error) {
    if (!(error instanceof VersionRangeError)) throw error;
    throw invalid("semver", text, `${error.message}; write a range like 1.x, ^1.2 or ">=1.2.0, <2.0.0"`);
  }
}

function revision(name: string, commit: string): string {
  return `${name}@sha1:${commit}`;
}

/** Implements git-check-ref-format for a name with or without a `refs/…` prefix. */
function isRefName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are rejected here
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$|^\/|^-|^@$/.test(name)) return false;
  return name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}

function empty(spec: GitRefSpec): GitError {
  const branch = spec.branch ?? "main";
  return new GitError(
    "GIT_EMPTY_REPOSITORY",
    `the repository is empty: push a first commit, for example to the branch ${branch}`,
  );
}

function invalid(member: string, value: string, why: string): GitError {
  return new GitError("GIT_REF_INVALID", `invalid ref.${member} ${JSON.stringify(value)}: ${why}`);
}

/** Maximum number of compared names: a repository can have a hundred thousand tags. */
const MAX_COMPARED = 2000;

/** Returns the `count` names with the smallest edit distance to `name`, nearest first. */
function nearestNames(name: string, names: readonly string[], count = 3): string[] {
  return names
    .slice(0, MAX_COMPARED)
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}
