import type { LedgerEntry } from "../../api/ledger.js";
import { type EarlierApp, type PromotionRule, proofOf, proofOfVersion } from "./eligibility.js";

/** An image or chart, and its version. */
export interface Version {
  readonly kind: "Image" | "Chart";
  /** Image without tag and digest, or name of the chart. */
  readonly name: string;
  /** Tag of the image, or version of the chart. */
  readonly tag?: string;
  readonly digest?: string;
}

/** A version that an earlier Environment has tested, and the one that it replaces. */
export interface CarriedVersion {
  readonly from: Version;
  readonly to: Version;
}

/** An earlier app, and the rule of the Environment that promotes from it. */
export interface Source {
  readonly app: EarlierApp;
  readonly rule: PromotionRule;
}

const NAME = /^[a-z0-9]([-a-z0-9._/]|:[0-9]+\/)*$/i;
const TAG = /^[A-Za-z0-9_][-\w.]{0,127}$/;
const DIGEST = /^[a-z0-9]+:[0-9a-f]{32,128}$/;
const CHART = /^chart ([A-Za-z0-9][-_.A-Za-z0-9]*?)-(v?[0-9]+\.[0-9]+\.[0-9]+([-+_][-+_.0-9A-Za-z]+)?)$/;

/** Reads an entry of `versions` of a ledger. Undefined for one without tag and digest, and for text that is no reference. */
export function readVersion(text: string): Version | undefined {
  const [, chart, version] = CHART.exec(text) ?? [];
  // In labels, Helm replaces the + of a version.
  if (chart !== undefined && version !== undefined)
    return { kind: "Chart", name: chart, tag: version.replace("_", "+") };
  const [reference = "", digest] = text.split("@");
  const colon = reference.lastIndexOf(":");
  const hasTag = colon > reference.lastIndexOf("/");
  const name = hasTag ? reference.slice(0, colon) : reference;
  const tag = hasTag ? reference.slice(colon + 1) : undefined;
  if (!NAME.test(name) || (tag === undefined && digest === undefined)) return undefined;
  if ((tag !== undefined && !TAG.test(tag)) || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  return {
    ...{ kind: "Image", name },
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Returns the text of a version, as ledgers have it. */
export function versionText({ kind, name, tag, digest }: Version): string {
  if (kind === "Chart") return `chart ${name}-${tag?.replace("+", "_") ?? ""}`;
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** Returns the shortest form of an image's name. Names of Docker Hub have several. */
export function plainName(name: string): string {
  return name.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
}

/** Returns the text of a version with the shortest form of its name, to compare it with others. */
export function plainVersionText(version: Version): string {
  return versionText({ ...version, name: plainName(version.name) });
}

/**
 * Returns the versions to carry to a later app: of each image and chart that it has in Git, the version that the newest proven inputs of the
 * earlier app have, if that differs and has proven itself in all `sources`. Never one that the later app has had before, and none in place of
 * one that the earlier app took later. An image with several versions in one app is skipped, since it is not clear which belong together.
 */
export function versionsToCarry(
  current: readonly string[],
  sources: readonly Source[],
  own: readonly LedgerEntry[],
  now: number,
): CarriedVersion[] {
  const [first] = sources;
  if (first === undefined) return [];
  const { ledger } = first.app;
  const index = ledger.findLastIndex(
    ({ versions }, at) => versions !== undefined && proofOf(ledger, at, first.rule, now).proven,
  );
  const tested = onePerName(ledger[index]?.versions ?? []);
  const later = new Set(ledger.slice(index + 1).flatMap(({ versions }) => (versions ?? []).map(plainText)));
  const ended = own.filter((entry) => entry.ended !== undefined);
  const left = new Set(ended.flatMap(({ versions }) => (versions ?? []).map(plainText)));
  const carried: CarriedVersion[] = [];
  for (const [name, from] of onePerName(current)) {
    const to = tested.get(name);
    if (to === undefined || plainVersionText(to) === plainVersionText(from)) continue;
    if (later.has(plainVersionText(from)) || left.has(plainVersionText(to))) continue;
    const text = versionText(to);
    if (sources.every(({ app, rule }) => proofOfVersion(text, app, rule, now).proven)) carried.push({ from, to });
  }
  return carried;
}

function plainText(text: string): string {
  const version = readVersion(text);
  return version === undefined ? text : plainVersionText(version);
}

/** Returns the versions by image or chart, without those that have several. Two forms of one name are one image. */
function onePerName(texts: readonly string[]): ReadonlyMap<string, Version> {
  const found = new Map<string, Version | undefined>();
  for (const text of texts) {
    const version = readVersion(text);
    if (version === undefined) continue;
    const key = `${version.kind} ${plainName(version.name)}`;
    const known = found.get(key);
    if (!found.has(key)) found.set(key, version);
    else if (known === undefined || plainVersionText(known) !== plainVersionText(version)) found.set(key, undefined);
  }
  return new Map([...found].flatMap(([key, version]) => (version === undefined ? [] : [[key, version] as const])));
}
