import { parse, Range, type SemVer } from "semver";

/** A range over versions, in the dialect that `parseVersionRange` tells of. */
export interface VersionRange {
  /** Whether a version is in the range. */
  has(version: SemVer): boolean;
}

/** A range that cannot be read, or would mean different things to different people. The message says why. */
export class VersionRangeError extends Error {}

/** What stands between two `||`. */
interface Alternative {
  readonly within: readonly Range[];
  readonly without: readonly Range[];
  /** The versions whose pre-releases count: all of them, or those that are named with one. */
  readonly preReleasesOf: "all" | ReadonlySet<string>;
}

const VERSION = String.raw`v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*]))?(?:\.(?:\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`;
const COMPARATOR = new RegExp(String.raw`^(!=|>=|=>|<=|=<|~>|[=<>~^])?\s*(${VERSION})(?=$|\s)\s*`);
const HYPHEN = new RegExp(String.raw`^(${VERSION})\s+-\s+(${VERSION})$`);
const OPERATORS: Readonly<Record<string, string>> = { "=>": ">=", "=<": "<=", "~>": "~" };
const OPTIONS = { includePrerelease: true };

/**
 * Reads a range as users of Flux and Helm (Masterminds), npm and Cargo write it. Comma and space mean "and", `||` means "or";
 * a bare version is that version alone, as in all but Cargo. Pre-releases: `-0` takes those of all versions of its
 * alternative, as in Flux and Helm; another one takes those of the version that it is written with, as in npm and Cargo, and
 * none take no pre-release. `<2.0.0` leaves the pre-releases of 2.0.0 out.
 *
 * @throws VersionRangeError
 */
export function parseVersionRange(text: string): VersionRange {
  const alternatives = text.split("||").map((part) => parseAlternative(part.trim()));
  return { has: (version) => alternatives.some((alternative) => isIn(version, alternative)) };
}

/** The version that a tag stands for, with or without `v`; one of two numbers ends in `.0`. Undefined for other tags. */
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
  if (text === "") throw new VersionRangeError("a part of it is empty");
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
    if (part === "") throw new VersionRangeError("nothing stands beside a comma");
    for (let rest = part; rest !== ""; ) {
      const [all = "", operator = "", version = ""] = COMPARATOR.exec(rest) ?? [];
      if (all === "")
        throw new VersionRangeError(`${JSON.stringify(rest)} is no version with <, <=, >, >=, =, !=, ~ or ^`);
      const parts = partsOf(version);
      const { text: number, pre, isWhole } = parts;
      versions.push(parts);
      if (operator === "!=") without.push(range(number, text));
      else {
        // A pre-release of the version that a range ends before is not in it.
        const end = operator === "<" && isWhole && pre === undefined ? "-0" : "";
        within.push(range(`${OPERATORS[operator] ?? operator}${number}${end}`, text));
      }
      rest = rest.slice(all.length);
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
  /** What node-semver is given for it. */
  readonly text: string;
  readonly numbers: string;
  readonly pre: string | undefined;
  /** Whether it has all three numbers. */
  readonly isWhole: boolean;
}

function partsOf(version: string): Parts {
  const [, numbers = "", pre] = /^v?([^-+]+)(?:-([^+]+))?/.exec(version) ?? [];
  const isWhole = /^\d+\.\d+\.\d+$/.test(numbers);
  if (isWhole) return { text: pre === undefined ? numbers : `${numbers}-${pre}`, numbers, pre, isWhole };
  if (pre === undefined || pre === "0") return { text: numbers, numbers, pre, isWhole };
  throw new VersionRangeError(
    `${JSON.stringify(version)} has a pre-release without three numbers before it; -0 means all`,
  );
}

function range(text: string, whole: string): Range {
  try {
    return new Range(text, OPTIONS);
  } catch {
    throw new VersionRangeError(`${JSON.stringify(whole)} cannot be read`);
  }
}
