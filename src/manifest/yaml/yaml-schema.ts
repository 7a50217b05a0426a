import {
  boolCoreTag,
  boolYaml11Tag,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  FAILSAFE_SCHEMA,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
  nullYaml11Tag,
  Schema,
  seqTag,
} from "js-yaml";

/**
 * Parses a plain scalar as a number like kubectl; undefined if kubectl reads it as a string. kubectl drops underscores, then
 * accepts any Go integer literal (0x, 0o, 0b, and 0644 as octal), then a decimal float. `08` is not octal, so it is the float 8.
 * Source: `resolve` in sigs.k8s.io/yaml goyaml.v2; the golden vectors in the tests come from kubectl 1.35.
 */
export function resolveNumber(source: string): { value: number; integer: boolean } | undefined {
  const plain = withoutUnderscores(source);
  const based = /^([-+]?)0(?:[xX]([0-9a-fA-F]+)|[bB]([01]+)|[oO]?([0-7]+))$/.exec(plain);
  if (based) {
    const [, sign, hex, binary, octal] = based;
    const radix = hex !== undefined ? 16 : binary !== undefined ? 2 : 8;
    return { value: withSign(sign, Number.parseInt(hex ?? binary ?? octal ?? "", radix)), integer: true };
  }
  if (/^[-+]?(?:0|[1-9][0-9]*)$/.test(plain)) return { value: Number(plain) + 0, integer: true };
  if (!/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? { value, integer: false } : undefined;
}

function withoutUnderscores(source: string): string {
  return source.includes("_") && /^[-+0-9]/.test(source) ? source.replaceAll("_", "") : source;
}

/** Parses a string that is known to be an integer, without loss of precision. */
export function resolveBigInt(source: string): bigint {
  const [, sign, digits = "0"] = /^([-+]?)(.*)$/.exec(withoutUnderscores(source)) ?? [];
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return sign === "-" ? -value : value;
}

function withSign(sign: string | undefined, value: number): number {
  return sign === "-" && value !== 0 ? -value : value;
}

const SIGN_AND_DIGITS = [..."+-0123456789"];

/** Parses a number. Integers that a JavaScript number cannot represent become a bigint. */
function carried(source: string): { value: number | bigint; integer: boolean } | undefined {
  const found = resolveNumber(source);
  if (!found?.integer || Number.isSafeInteger(found.value)) return found;
  return { value: resolveBigInt(source), integer: true };
}

const numberTag = defineScalarTag<number | bigint>("tag:yaml.org,2002:float", {
  implicit: true,
  implicitFirstChars: [...SIGN_AND_DIGITS, "."],
  resolve: (source, isExplicit) => (isExplicit ? resolveNumber(source) : carried(source))?.value ?? NOT_RESOLVED,
  identify: () => false,
});

/** For an explicit `!!int` only. Implicit integers are resolved by `numberTag`. */
const intTag = defineScalarTag<number | bigint>("tag:yaml.org,2002:int", {
  resolve: (source) => {
    const found = carried(source);
    return found?.integer ? found.value : NOT_RESOLVED;
  },
  identify: () => false,
});

/** `!!binary` is decoded to a string, as in kubectl. Data that is not UTF-8, which kubectl would corrupt, is rejected. */
const binaryTextTag = defineScalarTag<string>("tag:yaml.org,2002:binary", {
  resolve: (source) => {
    const base64 = source.replace(/[\r\n]/g, "");
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return NOT_RESOLVED;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, "base64"));
    } catch {
      return NOT_RESOLVED;
    }
  },
  identify: () => false,
});

/** kubectl reads dates as strings and ignores unknown tags. */
const otherScalarTags = ["tag:", "!"].map((prefix) =>
  defineScalarTag<string>(prefix, { matchByTagPrefix: true, resolve: (source) => source, identify: () => false }),
);
const otherSequenceTags = ["tag:", "!"].map((prefix) =>
  defineSequenceTag<unknown[]>(prefix, {
    matchByTagPrefix: true,
    create: seqTag.create,
    addItem: seqTag.addItem,
    identify: () => false,
  }),
);

const objectMapping = {
  create: mapTag.create,
  addPair: (carrier: Record<string, unknown>, key: unknown, value: unknown): string =>
    key === null ? "a key may not be null; put it in quotes" : mapTag.addPair(carrier, key, value),
  has: mapTag.has,
  keys: mapTag.keys,
  get: mapTag.get,
  identify: () => false,
};
const objectTag = defineMappingTag<Record<string, unknown>>("tag:yaml.org,2002:map", objectMapping);
const otherMappingTags = ["tag:", "!"].map((prefix) =>
  defineMappingTag<Record<string, unknown>>(prefix, { ...objectMapping, matchByTagPrefix: true }),
);

/** Tags of both schemas. */
const COMMON_TAGS = [mergeTag, binaryTextTag, objectTag, ...otherScalarTags, ...otherSequenceTags, ...otherMappingTags];

/**
 * YAML as `kubectl apply` reads it: `yes`, `on` and `y` are true, `0644` is 420, `1_000` is 1000, dates are strings, `<<`
 * merges, integers keep all their digits (beyond 2^53 as a bigint). Intended differences: a duplicate key is an error, except in output of Helm (kubectl
 * uses the last one); a key *before* a `<<` keeps its value, as in the YAML specification and kustomize (in kubectl the merge
 * wins); `?x` in a flow collection is a string (kubectl reads a key x).
 */
export const KUBERNETES_SCHEMA: Schema = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullYaml11Tag,
  boolYaml11Tag,
  numberTag,
  intTag,
  ...COMMON_TAGS,
]);

/**
 * Parses a number of a Compose document. In environment, labels and commands it becomes a string in Go's format, for example
 * `1e+10` for `1e10`, and integers keep all their digits. If a JavaScript number cannot represent that, returns the string
 * itself, which Compose also accepts where it expects a number.
 */
function composeNumber(source: string): number | string | undefined {
  const found = carried(source);
  if (found === undefined) return undefined;
  const { value, integer } = found;
  if (typeof value === "bigint") return String(value);
  if (integer || !Number.isInteger(value) || Math.abs(value) < 1e6) return value;
  return value.toExponential().replace(/e([-+])([0-9])$/, "e$10$2");
}

const composeNumberTags = [
  defineScalarTag<number | string>("tag:yaml.org,2002:float", {
    implicit: true,
    implicitFirstChars: [...SIGN_AND_DIGITS, "."],
    resolve: (source) => composeNumber(source) ?? NOT_RESOLVED,
    identify: () => false,
  }),
  defineScalarTag<number | string>("tag:yaml.org,2002:int", {
    resolve: (source) => (carried(source)?.integer ? (composeNumber(source) ?? NOT_RESOLVED) : NOT_RESOLVED),
    identify: () => false,
  }),
];

/** Compose tag that removes the value it is merged with. */
export const RESET_TAG = "!reset";
/** Compose tag that replaces the value it is merged with. */
export const OVERRIDE_TAG = "!override";

/** Values with these tags are parsed as a mapping with the tag as its only key. */
const mergeTags = [RESET_TAG, OVERRIDE_TAG].flatMap((tag) => [
  defineScalarTag<Record<string, unknown>>(tag, {
    resolve: (source) => ({ [tag]: source === "null" || source === "~" || source === "" ? null : source }),
    identify: () => false,
  }),
  defineSequenceTag<unknown[], Record<string, unknown>>(tag, {
    create: seqTag.create,
    addItem: seqTag.addItem,
    finalize: (items) => ({ [tag]: items }),
    identify: () => false,
  }),
  defineMappingTag<Record<string, unknown>, Record<string, unknown>>(tag, {
    ...objectMapping,
    finalize: (content) => ({ [tag]: content }),
  }),
]);

/**
 * YAML as Docker Compose reads it: as above, but `yes`, `no`, `on`, `off`, `y` and `n` are text (with kubectl's reading
 * `restart: no` would be rejected, and `DEBUG: yes` would become `true`), and numbers keep the string that they become. Dates are
 * kept as written; Compose would add a time.
 */
export const DOCUMENT_SCHEMA: Schema = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullCoreTag,
  boolCoreTag,
  ...mergeTags,
  ...composeNumberTags,
  ...COMMON_TAGS,
]);
