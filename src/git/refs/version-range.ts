import { parse, Range, type SemVer } from "semver";

/** A range of versions. `parseVersionRange` documents the syntax. */
export interface VersionRange {
  /** Returns whether a version is in the range. */
  has(version: SemVer): boolean;
}

/** An invalid or ambiguous range. The message states the cause. */
export class VersionRangeError extends Error {}

/** One alternative of a range, separated by `||`. */
interface Alternative {
  readonly within: readonly Range[];
  readonly without: readonly Range[];
  /** Versions whose pre-releases match: all, or those that the range contains with a pre-release. */
  readonly preReleasesOf: "all" | ReadonlySet<string>;
}

const VERSION = String.raw`v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*]))?(?:\.(?:\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`;
const COMPARATOR = new RegExp(String.raw`^(!=|>=|=>|<=|=<|~>|[=<>~^])?\s*(${VERSION})(?=$|\s)\s*`);
const HYPHEN = new RegExp(String.raw`^(${VERSION})\s+-\s+(${VERSION})$`);
const OPERATORS: Readonly<Record<string, string>> = { "=>": ">=", "=<": "<=", "~>": "~" };
const OPTIONS = { includePrerelease: true };

/**
 * Parses a range in the syntax of Flux and Helm (Masterminds), npm and Cargo. Comma and space mean "and", `||` means "or"; a
 * bare version matches only itself, as everywhere except in Cargo. Pre-releases: `-0` includes those of all versions in its
 * alternative, as in Flux and Helm; any other pre-release includes those of the version it is written with, as in npm and
 * Cargo; without one, no pre-release matches. `<2.0.0` excludes the pre-releases of 2.0.0.
 *
 * @throws VersionRangeError
 */
export function parseVersionRange(text: string): VersionRange {
  const alternatives = text.split("||").map((part) => parseAlternative(part.trim()));
  return { has: (version) => alternatives.some((alternative) => isIn(version, alternative)) };
}

/** Returns the version of a tag, with or without `v`; `.0` is appended to two numbers. Undefined for other tags. */
export function parseVersionTag(tag: string): SemVer | undefined {
  const whole = /^(v?\d+\.\d+)((?:[-+].*)?)$/.exec(tag);
  return parse(whole === null ? tag : `${whole[1]}.0${whole[2]}`) ?? undefined;
}

function isIn(version: SemVer, { within, without, preReleasesOf }: Alternative): boolean {
  const isStable = version.prerelease.length === 0;
  const { major, minor, patch } = version;
  if (!isStable && preReleasesOf !== "all" && !preReleasesOf.has(`${major}.${minor}.${patch}`)) return false;
  return within.every((range) => range.test(version)) && !without.some((range) => range.test(version));
}

function parseAlternative(text: string): Alternative {
  if (text === "") throw new VersionRangeError("an alternative is empty");
  const hyphen = HYPHEN.exec(text);
  if (hyphen !== null) {
    const [low, high] = [partsOf(hyphen[1] ?? ""), partsOf(hyphen[2] ?? "")];
    return {
      within: [range(`${low.text} - ${high.text}`, text)],
      without: [],
      preReleasesOf: preReleases([low, high]),
    };
  }
  const within: Range[] = [];
  const without: Range[] = [];
  const versions: Parts[] = [];
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") throw new VersionRangeError("a comma must separate two comparators");
    for (let remaining = part; remaining !== ""; ) {
      const [all = "", operator = "", version = ""] = COMPARATOR.exec(remaining) ?? [];
      if (all === "")
        throw new VersionRangeError(
          `${JSON.stringify(remaining)} is not a version with an optional <, <=, >, >=, =, !=, ~ or ^`,
        );
      const parts = partsOf(version);
      const { text: number, pre, isWhole } = parts;
      versions.push(parts);
      if (operator === "!=") without.push(range(number, text));
      else {
        // Excludes the pre-releases of an exclusive upper bound.
        const end = operator === "<" && isWhole && pre === undefined ? "-0" : "";
        within.push(range(`${OPERATORS[operator] ?? operator}${number}${end}`, text));
      }
      remaining = remaining.slice(all.length);
    }
  }
  return { within, without, preReleasesOf: preReleases(versions) };
}

function preReleases(versions: readonly Parts[]): Alternative["preReleasesOf"] {
  if (versions.some(({ pre }) => pre === "0")) return "all";
  return new Set(versions.flatMap(({ pre, numbers }) => (pre === undefined ? [] : [numbers])));
}

/** A version of a range. */
interface Parts {
  /** The version as passed to node-semver. */
  readonly text: string;
  readonly numbers: string;
  readonly pre: string | undefined;
  /** Whether all three numbers are present. */
  readonly isWhole: boolean;
}

function partsOf(version: string): Parts {
  const [, numbers = "", pre] = /^v?([^-+]+)(?:-([^+]+))?/.exec(version) ?? [];
  const isWhole = /^\d+\.\d+\.\d+$/.test(numbers);
  if (isWhole) return { text: pre === undefined ? numbers : `${numbers}-${pre}`, numbers, pre, isWhole };
  if (pre === undefined || pre === "0") return { text: numbers, numbers, pre, isWhole };
  throw new VersionRangeError(
    `${JSON.stringify(version)} has a pre-release but not three numbers; use -0 for all pre-releases`,
  );
}

function range(text: string, whole: string): Range {
  try {
    return new Range(text, OPTIONS);
  } catch {
    throw new VersionRangeError(`${JSON.stringify(whole)} cannot be parsed`);
  }
}
