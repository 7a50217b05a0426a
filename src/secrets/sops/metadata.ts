import { RE2JS } from "re2js";
import { isRecord } from "../../manifest/shape.js";
import { type ServiceEntry, serviceEntries } from "./key-services.js";

/** The data key of a file, encrypted for one recipient of age. */
export interface AgeEntry {
  readonly recipient: string;
  /** Armored file of age. */
  readonly enc: string;
}

/** What SOPS says of a file, checked. */
export interface SopsMetadata {
  readonly age: readonly AgeEntry[];
  /** The data key for keys that the program `sops` can use. */
  readonly services: readonly ServiceEntry[];
  /** Encrypted hash of the values. */
  readonly mac: string;
  /** Time of the last change, to which the MAC is bound. */
  readonly lastModified: string;
  readonly macOnlyEncrypted: boolean;
  /** Whether the value at a path is encrypted. */
  readonly isEncrypted: (path: readonly string[]) => boolean;
}

/** Fields that name keys of services that are not used, with the names that people use. */
const OTHER_KEYS: readonly (readonly [field: string, name: string])[] = [
  ["hc_vault", "Vault"],
  ["hckms", "HuaweiCloud KMS"],
];

const RULES = [
  "unencrypted_suffix",
  "encrypted_suffix",
  "unencrypted_regex",
  "encrypted_regex",
  "unencrypted_comment_regex",
  "encrypted_comment_regex",
] as const;

const MAX_RECIPIENTS = 100;
const MAX_ENTRY = 16 * 1024;
const MAX_RULE = 1024;
/** Maximum work of a pattern in one file: its size times the characters that it is matched against. A fraction of a second. */
const MAX_STEPS = 10_000_000;

/** The pattern of a file takes too long for its keys. */
export class PatternTooExpensiveError extends Error {
  constructor(rule: string) {
    super(
      `${rule} in the metadata of SOPS takes too long for the keys of the file: use a simpler pattern in .sops.yaml`,
    );
    this.name = "PatternTooExpensiveError";
  }
}

const ADD_AGE =
  "add a recipient of age to the creation rule in .sops.yaml, run sops updatekeys on the file, and commit it";

/** Reads the metadata of an encrypted file, which is untrusted; a text says what is wrong with it. */
export function readMetadata(raw: Readonly<Record<string, unknown>>): SopsMetadata | string {
  const text = (field: string): string => {
    const value = Object.hasOwn(raw, field) ? raw[field] : undefined;
    return typeof value === "string" ? value : "";
  };
  const version = text("version");
  if (!/^3\.\d+\.\d+/.test(version)) {
    const found = version === "" ? "names no version of SOPS" : `is of version ${JSON.stringify(version.slice(0, 20))}`;
    return `the metadata of SOPS ${found}; files of SOPS 3 are decrypted: encrypt the file again with a current sops`;
  }
  const groups = listOf(raw, "key_groups");
  if (groups.length > 1 || Number(raw.shamir_threshold ?? 0) > 1)
    return `the key of the file is split over several key groups, which is not supported: ${ADD_AGE}, without key_groups`;
  const keys = isRecord(groups[0]) ? groups[0] : raw;
  const age = ageEntries(keys);
  if (typeof age === "string") return age;
  const { entries: services, fault } = serviceEntries(keys);
  if (age.length === 0 && services.length === 0) {
    if (fault !== undefined) return fault;
    const others = OTHER_KEYS.flatMap(([field, name]) => (listOf(keys, field).length > 0 ? [name] : []));
    return others.length === 0
      ? "the metadata of SOPS names no key: encrypt the file again with sops"
      : `the file is encrypted for ${others.join(" and ")} only, which is not supported; keys of age, PGP and clouds are: ${ADD_AGE}`;
  }
  const mac = text("mac");
  if (mac === "")
    return "the metadata of SOPS has no mac, without which changes are not noticed: encrypt the file again";
  const lastModified = text("lastmodified");
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[-+]\d\d:\d\d)$/.test(lastModified))
    return "the metadata of SOPS has no valid lastmodified, to which the MAC is bound: restore what sops wrote";
  const isEncrypted = ruleOf(raw);
  if (typeof isEncrypted === "string") return isEncrypted;
  const onlyEncrypted = Object.hasOwn(raw, "mac_only_encrypted") ? raw.mac_only_encrypted : false;
  return {
    age,
    services,
    mac,
    lastModified,
    isEncrypted,
    macOnlyEncrypted: onlyEncrypted === true || onlyEncrypted === "true",
  };
}

function ageEntries(keys: Readonly<Record<string, unknown>>): AgeEntry[] | string {
  const entries = listOf(keys, "age");
  if (entries.length > MAX_RECIPIENTS) return `the file has more than ${MAX_RECIPIENTS} recipients of age`;
  const found: AgeEntry[] = [];
  for (const entry of entries) {
    const { recipient, enc } = isRecord(entry) ? entry : {};
    if (typeof recipient !== "string" || typeof enc !== "string" || enc.length > MAX_ENTRY)
      return "the metadata of SOPS has a recipient of age that cannot be read: restore what sops wrote";
    found.push({ recipient, enc });
  }
  return found;
}

/** Which values are encrypted, as SOPS decides it. Patterns are of RE2, whose time grows with the text alone. */
function ruleOf(raw: Readonly<Record<string, unknown>>): SopsMetadata["isEncrypted"] | string {
  const set = RULES.flatMap((rule) => {
    const value = Object.hasOwn(raw, rule) ? raw[rule] : undefined;
    return value === undefined || value === "" ? [] : [{ rule, value }];
  });
  if (set.length > 1)
    return `the metadata of SOPS has both ${set[0]?.rule} and ${set[1]?.rule}: restore what sops wrote`;
  const { rule, value } = set[0] ?? { rule: "unencrypted_suffix" as const, value: "_unencrypted" };
  if (typeof value !== "string" || value.length > MAX_RULE)
    return `${rule} in the metadata of SOPS cannot be read: restore what sops wrote`;
  if (rule.endsWith("_comment_regex"))
    return `the file selects values by ${rule}, which is not supported: use encrypted_regex or encrypted_suffix in .sops.yaml`;
  const whenFound = rule.startsWith("encrypted");
  if (rule.endsWith("_suffix")) return (path) => path.some((key) => key.endsWith(value)) === whenFound;
  try {
    const pattern = RE2JS.compile(value);
    // Once for each key: a file has thousands of values below a few keys.
    const known = new Map<string, boolean>();
    let left = MAX_STEPS;
    const hits = (key: string): boolean => {
      const before = known.get(key);
      if (before !== undefined) return before;
      left -= pattern.programSize() * (key.length + 1);
      if (left < 0) throw new PatternTooExpensiveError(rule);
      const hit = pattern.matcher(key).find();
      known.set(key, hit);
      return hit;
    };
    return (path) => path.some(hits) === whenFound;
  } catch {
    return `${rule} in the metadata of SOPS is not a valid pattern: restore what sops wrote`;
  }
}

function listOf(raw: Readonly<Record<string, unknown>>, field: string): readonly unknown[] {
  const value = Object.hasOwn(raw, field) ? raw[field] : undefined;
  return Array.isArray(value) ? value : [];
}
