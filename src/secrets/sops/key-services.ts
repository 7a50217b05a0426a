import { isRecord } from "../../manifest/shape.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";

/** A field of the metadata with the data key, encrypted by one of the services. */
export type ServiceField = "pgp" | "kms" | "gcp_kms" | "azure_kv";

/** The data key of a file, encrypted by a key that only the program `sops` can use. */
export interface ServiceEntry {
  readonly field: ServiceField;
  /** What `sops` writes for it, checked. */
  readonly entry: Readonly<Record<string, unknown>>;
}

/** What the program `sops` needs to use keys of a service. */
export interface ServiceCredentials {
  /** Added to its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Private keys of OpenPGP, in binary. */
  readonly keyRing?: Uint8Array;
}

interface Service {
  readonly field: ServiceField;
  /** What people call it. */
  readonly name: string;
  /** Fields of an entry, and what they may be: the files come from Git, and credentials are sent to what they name. */
  readonly fields: Readonly<Record<string, RegExp>>;
  /** The fields of an entry that name the key. */
  readonly key: (entry: Readonly<Record<string, unknown>>) => string;
  /** Where its credentials are in a Secret, for messages. */
  readonly place: string;
  readonly isPlace: (entry: string) => boolean;
  readonly network: boolean;
  /** Reads credentials; a text says what is wrong with them, without quoting them. */
  readonly credentials: (texts: readonly string[]) => ServiceCredentials | string;
}

const BASE64 = /^[A-Za-z0-9+/_=-]{1,16384}$/;
const NO_MORE = /^$/;
const PLACE_AWS = "sops.aws-kms";
const PLACE_GOOGLE = "sops.gcp-kms";
const PLACE_AZURE = "sops.azure-kv";

/**
 * Services whose keys are used by the program `sops`. Vault is none of them: a file of Git would name the server that the token is
 * sent to.
 */
const SERVICES: readonly Service[] = [
  {
    field: "pgp",
    name: "PGP",
    fields: {
      fp: /^[0-9A-Fa-f]{8,64}$/,
      enc: /^-----BEGIN PGP MESSAGE-----\n[\w\s+/=.:()-]{1,16384}\n-----END PGP MESSAGE-----\n?$/,
    },
    key: ({ fp }) => String(fp).slice(-16).toUpperCase(),
    place: "a private key without passphrase, armored, in an entry whose name ends in .asc",
    isPlace: (entry) => entry.endsWith(".asc"),
    network: false,
    credentials: keyRing,
  },
  {
    field: "kms",
    name: "AWS KMS",
    fields: {
      arn: /^arn:aws[a-z-]{0,16}:kms:[a-z]{2}[a-z0-9-]{1,30}:\d{12}:(?:key|alias)\/[\w/-]{1,256}$/,
      enc: BASE64,
      role: /^(?:arn:aws[a-z-]{0,16}:iam::\d{12}:role\/[\w+=,.@/-]{1,256})?$/,
      aws_profile: NO_MORE,
    },
    key: ({ arn }) => String(arn),
    place: `aws_access_key_id and aws_secret_access_key in the entry ${PLACE_AWS}`,
    isPlace: (entry) => entry === PLACE_AWS,
    network: true,
    credentials: (texts) => variables(texts, AWS, { AWS_EC2_METADATA_DISABLED: "true" }),
  },
  {
    field: "gcp_kms",
    name: "Google Cloud KMS",
    fields: {
      resource_id:
        /^projects\/[\w:.-]{1,64}\/locations\/[\w-]{1,64}\/keyRings\/[\w-]{1,64}\/cryptoKeys\/[\w-]{1,64}(?:\/cryptoKeyVersions\/\d{1,9})?$/,
      enc: BASE64,
    },
    key: (entry) => String(entry.resource_id),
    place: `the JSON key of a service account in the entry ${PLACE_GOOGLE}`,
    isPlace: (entry) => entry === PLACE_GOOGLE,
    network: true,
    credentials: serviceAccount,
  },
  {
    field: "azure_kv",
    name: "Azure Key Vault",
    fields: {
      vault_url: /^https:\/\/[a-z0-9-]{1,63}\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)\/?$/i,
      name: /^[A-Za-z0-9-]{1,127}$/,
      version: /^[0-9a-f]{0,64}$/,
      enc: BASE64,
    },
    key: (entry) => `${entry.vault_url}/${entry.name}`,
    place: `tenantId, clientId and clientSecret in the entry ${PLACE_AZURE}`,
    isPlace: (entry) => entry === PLACE_AZURE,
    network: true,
    credentials: (texts) => variables(texts, AZURE, { AZURE_TOKEN_CREDENTIALS: "EnvironmentCredential" }),
  },
];

const AWS: Variables = [
  ["aws_access_key_id", "AWS_ACCESS_KEY_ID"],
  ["aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"],
  ["aws_session_token", "AWS_SESSION_TOKEN", "optional"],
];
const AZURE: Variables = [
  ["tenantId", "AZURE_TENANT_ID"],
  ["clientId", "AZURE_CLIENT_ID"],
  ["clientSecret", "AZURE_CLIENT_SECRET"],
];

/** The services, by the field of the metadata. */
export const KEY_SERVICES: ReadonlyMap<ServiceField, Service> = new Map(SERVICES.map((one) => [one.field, one]));

/** Whether an entry of a Secret has keys or credentials for the program `sops`. */
export function isServiceEntry(name: string): boolean {
  return SERVICES.some(({ isPlace }) => isPlace(name));
}

/** Keys of services in the metadata of a file. */
export interface ServiceEntries {
  readonly entries: readonly ServiceEntry[];
  /** What is wrong with one that is not used. */
  readonly fault?: string;
}

/** Reads the keys of services in the metadata of a file, which is untrusted. What cannot be used is skipped: another key may suffice. */
export function serviceEntries(keys: Readonly<Record<string, unknown>>): ServiceEntries {
  const entries: ServiceEntry[] = [];
  let fault: string | undefined;
  for (const { field, name, fields } of SERVICES) {
    const list: readonly unknown[] = Object.hasOwn(keys, field) && Array.isArray(keys[field]) ? keys[field] : [];
    if (list.length > MAX_ENTRIES) fault ??= `the file has more than ${MAX_ENTRIES} keys of ${name}`;
    for (const raw of list.slice(0, MAX_ENTRIES)) {
      const checked = isRecord(raw) ? checkedEntry(raw, fields) : "entry";
      if (typeof checked !== "string") entries.push({ field, entry: checked });
      else
        fault ??= `the metadata of SOPS has a key of ${name} whose ${checked} cannot be used: encrypt the file again, or restore what sops wrote`;
    }
  }
  return { entries, ...(fault === undefined ? {} : { fault }) };
}

const MAX_ENTRIES = 20;

/** Returns the fields of an entry that `sops` needs, or the name of one that is not as it has to be. */
function checkedEntry(
  raw: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, RegExp>>,
): Readonly<Record<string, unknown>> | string {
  const entry: Record<string, unknown> = { created_at: "2020-01-01T00:00:00Z" };
  for (const [name, pattern] of Object.entries(fields)) {
    const value = Object.hasOwn(raw, name) ? raw[name] : "";
    if (typeof value !== "string" || !pattern.test(value)) return name;
    entry[name] = value;
  }
  if (!Object.hasOwn(raw, "context") || raw.context === null || raw.context === "") return entry;
  const context = isRecord(raw.context) ? Object.entries(raw.context) : [];
  if (!isRecord(raw.context) || context.length > MAX_ENTRIES || context.some(([, value]) => typeof value !== "string"))
    return "context";
  return { ...entry, context: raw.context };
}

type Variables = readonly (readonly [key: string, variable: string, optional?: "optional"])[];

/** Reads credentials as YAML or JSON, as Flux users have them. */
function variables(
  texts: readonly string[],
  names: Variables,
  fixed: Readonly<Record<string, string>>,
): ServiceCredentials | string {
  const env: Record<string, string> = { ...fixed };
  let values: unknown;
  try {
    values = readValue(texts[0] ?? "", "credentials", KUBERNETES_SCHEMA);
  } catch {
    return "expected YAML";
  }
  for (const [key, variable, optional] of names) {
    const value = isRecord(values) ? values[key] : undefined;
    if (typeof value === "string" && value !== "") env[variable] = value;
    else if (optional === undefined) return `${key} is missing, or is not text`;
  }
  return { env };
}

/**
 * Only what a key of a service account has: other kinds of credentials name files and servers, which would be read and called from
 * the operator.
 */
function serviceAccount(texts: readonly string[]): ServiceCredentials | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(texts[0] ?? "");
  } catch {
    return "expected JSON";
  }
  if (!isRecord(parsed) || parsed.type !== "service_account") return 'expected "type": "service_account"';
  const { client_email, private_key, private_key_id = "", project_id = "" } = parsed;
  for (const value of [client_email, private_key, private_key_id, project_id])
    if (typeof value !== "string") return "client_email or private_key is missing";
  const token_uri = "https://oauth2.googleapis.com/token";
  const content = { type: "service_account", project_id, private_key_id, private_key, client_email, token_uri };
  return { env: { GOOGLE_CREDENTIALS: JSON.stringify(content) } };
}

const BEGIN_PGP = "-----BEGIN PGP PRIVATE KEY BLOCK-----";
const END_PGP = "-----END PGP PRIVATE KEY BLOCK-----";

/** Returns what is between the marks of armored private keys. In linear time: the text is that of a user. */
function armored(text: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf(BEGIN_PGP); at >= 0; ) {
    const begin = text.indexOf("\n", at);
    const end = text.indexOf(END_PGP, at);
    if (begin < 0 || end < begin) break;
    found.push(text.slice(begin + 1, end));
    at = text.indexOf(BEGIN_PGP, end);
  }
  return found;
}

/** Private keys of armored texts, as the binary key ring that `sops` reads without GnuPG. */
function keyRing(texts: readonly string[]): ServiceCredentials | string {
  const blocks = texts.flatMap(armored);
  if (blocks.length === 0) return "expected a private key that begins with -----BEGIN PGP PRIVATE KEY BLOCK-----";
  const rings = blocks.map((block) => {
    const lines = block.split(/\r?\n/).map((line) => line.trim());
    // Headers end with an empty line; the checksum begins with =.
    const body = lines.slice(lines.indexOf("") + 1).filter((line) => !line.startsWith("="));
    return Buffer.from(body.join(""), "base64");
  });
  return { env: {}, keyRing: Buffer.concat(rings) };
}
