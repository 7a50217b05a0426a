import { createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { buffer, text } from "node:stream/consumers";
import { messageOf } from "../../../base/errors.js";
import { ManifestError } from "../../../manifest/manifest-error.js";
import { isRecord } from "../../../manifest/shape.js";
import { yamlText } from "../../../manifest/yaml/dump.js";
import { parseManifests } from "../../../manifest/yaml/parse.js";
import { SEALED_API_VERSION, scopeAnnotations } from "../../../secrets/sealed/sealed-secret.js";
import { type SealScope, sealLabel, sealValue } from "../../../secrets/sealed/sealed-value.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import { fileFault } from "../../file-fault.js";
import { print } from "../../terminal.js";
import { readValues } from "./secret-values.js";

/** Flags of `overseer secret seal`. */
export interface SealFlags {
  readonly cert: string;
  readonly namespace?: string;
  readonly scope: SealScope;
  readonly filename?: string;
}

/** What is sealed. */
interface Plain {
  readonly name: string;
  readonly namespace: string;
  readonly type?: string;
  readonly data: Readonly<Record<string, string>>;
}

/** Encrypts a Secret for the key of Sealed Secrets, and prints the SealedSecret. Needs no cluster. */
export async function sealSecret(
  name: string | undefined,
  items: readonly string[],
  flags: SealFlags,
): Promise<ExitCode> {
  const key = publicKeyOf(await readText(flags.cert, "--cert"), flags.cert);
  const plain =
    flags.filename === undefined ? await fromItems(name, items, flags) : await fromFile(flags.filename, name, flags);
  print(yamlText(sealedSecret(plain, flags.scope, key)));
  return EXIT.done;
}

/** Returns the SealedSecret of a Secret. */
export function sealedSecret({ name, namespace, type, data }: Plain, scope: SealScope, key: KeyObject): object {
  const annotations = scopeAnnotations(scope);
  const metadata = { name, namespace, ...(scope === "strict" ? {} : { annotations }) };
  const label = sealLabel(scope, namespace, name);
  const encryptedData = Object.fromEntries(
    Object.entries(data).map(([entry, value]) => [entry, sealValue(key, label, Buffer.from(value, "base64"))]),
  );
  return {
    apiVersion: SEALED_API_VERSION,
    kind: "SealedSecret",
    metadata,
    spec: { encryptedData, template: { metadata, ...(type === undefined ? {} : { type }) } },
  };
}

function publicKeyOf(pem: string, file: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // Said below.
  }
  throw new UsageError(
    `--cert ${file}: expected a certificate or RSA public key in PEM, as kubeseal --fetch-cert prints it`,
  );
}

async function fromItems(name: string | undefined, items: readonly string[], { namespace }: SealFlags): Promise<Plain> {
  if (name === undefined) throw new UsageError("give the name of the Secret, or a manifest with -f");
  if (namespace === undefined) throw new UsageError("-n is required: a sealed value is bound to its namespace");
  return { name, namespace, data: await readValues(items, { env: process.env, stdin: () => buffer(process.stdin) }) };
}

async function fromFile(file: string, name: string | undefined, { namespace }: SealFlags): Promise<Plain> {
  if (name !== undefined) throw new UsageError("give either a name and values, or a manifest with -f");
  const content = await readText(file, "-f");
  try {
    const secrets = parseManifests(content, file).filter(
      ({ object }) => object.kind === "Secret" && object.apiVersion === "v1",
    );
    const [secret] = secrets;
    if (secret === undefined || secrets.length > 1)
      throw new UsageError(`-f ${file}: expected one Secret, and found ${secrets.length}`);
    const { metadata, data, type } = secret.object;
    const place = metadata.namespace ?? namespace;
    if (place === undefined) throw new UsageError(`-f ${file}: the Secret has no namespace: set it, or give -n`);
    if (!isRecord(data) || Object.keys(data).length === 0) throw new UsageError(`-f ${file}: the Secret has no data`);
    const own = typeof type === "string" ? { type } : {};
    return { name: metadata.name, namespace: place, ...own, data: data as Readonly<Record<string, string>> };
  } catch (error) {
    if (error instanceof ManifestError) throw new UsageError(messageOf(error));
    throw error;
  }
}

async function readText(file: string, flag: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`${flag} ${file} cannot be read: ${fileFault(error)}`);
  }
}
