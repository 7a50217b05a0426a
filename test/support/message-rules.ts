import { MAX_MESSAGE } from "../../src/api/conditions.js";

/** Prints of Go values, and what its decoders say. */
const GO =
  /&value\.|map\[string\]|interface ?\{\}|&\{|(?:&|\[\])?\b(?:core|v1|v1beta1|apps|batch|networking|unstructured)\.[A-Z]\w*\{|unable to decode|json: cannot unmarshal|<nil>|%!\w\(|\bgoroutine \d/;
/** What JavaScript makes of a value that is not there, or is none for people. */
const JAVASCRIPT = /\bundefined\b|\[object \w+\]|\bNaN\b|\bInvalid Date\b/;
/** Where a cause begins: behind revision, count, place and object. */
const PREFIX =
  /^(?:Change [\w.-]+ \w+: )?(?:\S+@sha1:[0-9a-f]{12}: )?(?:GitRepository \S+: )?(?:\d+ of \d+ changed objects are refused: |\d+ problems[^:]*: )?(?:[^\s:]+:\d+(?::\d+)?: )?(?:[A-Z]\w+ [\w./:-]+: )?/;
/** Words of servers and libraries that say nothing of the cause. */
const BOILERPLATE =
  /^(?:failed to (?:create|convert)|Internal error occurred|[\w.]+ "[^"]*" is (?:invalid|forbidden): |admission error|error (?:when|while|decoding)|unable to convert|an error occurred|rpc error|Error: )/;
/** A cause has to begin within so many characters. */
const CAUSE_WITHIN = 200;
/** Shorter parts may well come again. */
const SENTENCE = 40;

/** What is wrong with a text for people: a message of a condition, an Event, or what a Change says. Empty when all is well. */
export function faultsOfText(text: string): string[] {
  const faults: string[] = [];
  const found = (pattern: RegExp, what: string): void => {
    const match = pattern.exec(text)?.[0];
    if (match !== undefined) faults.push(`${what}: ${JSON.stringify(match)}`);
  };
  found(GO, "a Go value or decoder");
  found(JAVASCRIPT, "a value of JavaScript");
  found(/sha1:[0-9a-f]{13,40}/, "a revision at full length");
  found(/[\p{Cc}]/u, "a control character");
  if (text.length > MAX_MESSAGE) faults.push(`${text.length} characters`);
  const prefix = PREFIX.exec(text)?.[0].length ?? 0;
  if (prefix > CAUSE_WITHIN) faults.push(`the cause begins after ${prefix} characters`);
  const boilerplate = BOILERPLATE.exec(text.slice(prefix))?.[0];
  if (boilerplate !== undefined) faults.push(`it begins with ${JSON.stringify(boilerplate)} instead of the cause`);
  const seen = new Set<string>();
  for (const part of text.split(/; |\. /)) {
    const sentence = part.slice(PREFIX.exec(part)?.[0].length ?? 0);
    if (sentence.length >= SENTENCE && seen.has(sentence)) faults.push(`it says twice: ${JSON.stringify(sentence)}`);
    seen.add(sentence);
  }
  return faults;
}

/** Texts that people read in an object of ours or an Event, each with its place. */
export function textsOf(object: unknown, place = ""): [place: string, text: string][] {
  if (Array.isArray(object)) return object.flatMap((item, index) => textsOf(item, `${place}[${index}]`));
  if (object === null || typeof object !== "object") return [];
  return Object.entries(object).flatMap(([key, value]): [string, string][] => {
    if (key === "metadata" || key === "spec" || key === "from" || key === "to") return [];
    if (typeof value !== "string") return textsOf(value, `${place}.${key}`);
    return TEXTS.has(key) && value !== "" ? [[`${place}.${key}`, value]] : [];
  });
}

/** Fields that hold sentences. */
const TEXTS: ReadonlySet<string> = new Set(["message", "note", "error", "reason", "waitingFor"]);
