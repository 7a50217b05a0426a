import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ValuesReference } from "../../../api/external-values.js";
import type { AppSource } from "../../../api/inputs.js";

import { type ErrorReason, OverseerError } from "../../../base/errors.js";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { ChartValues, ExternalValues, Variable } from "../../../render/external-values.js";
import type { ChartCredentials } from "../../../render/helm/registry/chart-pull.js";
import { valuesAt } from "../../../render/helm/values.js";
import { isVariableName } from "../../../render/substitute/expand.js";
import type { UnsealKeys } from "../../../render/unseal.js";
import type { KeyTexts } from "../../../secrets/sops/age-keys.js";
import { isServiceEntry } from "../../../secrets/sops/key-services.js";
import type { ValuesObject } from "../app-services.js";
import type { AppRun } from "../run.js";
import { objectsOfStores } from "./secret-store-access.js";

/** Maximum time until a forbidden object is tried again, if no change of permissions is seen. */
const FORBIDDEN_RETRY_MS = 300_000;
/** Time until a read that failed for another reason is repeated. */
const FAILED_RETRY_MS = 10_000;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns the ConfigMaps and Secrets that a source names. */
export function valuesObjectsOf({
  helm,
  substitute,
  decryption,
  restart,
  unseal,
}: AppSource): readonly (ValuesObject & { optional?: boolean | undefined })[] {
  const secretRef = helm?.chart?.secretRef;
  const secrets = [secretRef, decryption?.secretRef, unseal?.secretRef].flatMap((reference) =>
    reference === undefined ? [] : [{ kind: "Secret", name: reference.name } as const],
  );
  return [...(substitute?.from ?? []), ...(helm?.valuesFrom ?? []), ...(restart?.from ?? []), ...secrets];
}

/** Returns the ConfigMaps and Secrets whose changes concern an app. */
export function watchedObjectsOf(source: AppSource): readonly ValuesObject[] {
  const required = source.requiredSecrets ?? [];
  const stores = objectsOfStores(source.secretStores);
  return [...valuesObjectsOf(source), ...stores, ...required.map(({ name }) => ({ kind: "Secret", name }) as const)];
}

/**
 * Reads what a source takes from ConfigMaps and Secrets, as the ServiceAccount of the app; undefined if it names none. They are
 * watched, so that a change or a missing object needs no polling.
 *
 * @throws OverseerError naming the field and the object that is missing, may not be read, or has no such key.
 */
export async function readExternalValues(run: AppRun, source: AppSource): Promise<ExternalValues | undefined> {
  const { app, services } = run;
  services.values.use(app, [...watchedObjectsOf(app.spec.source), ...watchedObjectsOf(source)]);
  if (valuesObjectsOf(source).length === 0) return undefined;
  const variables = new Map<string, Variable>();
  for (const [index, reference] of (source.substitute?.from ?? []).entries()) {
    const data = await read(run, reference, `spec.source.substitute.from[${index}]`);
    for (const [key, bytes] of data ?? []) {
      const value = isVariableName(key) ? textOf(bytes) : undefined;
      if (value !== undefined) variables.set(key, { value, secret: reference.kind === "Secret" });
    }
  }
  const values: ChartValues[] = [];
  for (const [index, reference] of (source.helm?.valuesFrom ?? []).entries()) {
    const field = `source.helm.valuesFrom[${index}]`;
    const data = await read(run, reference, `spec.${field}`);
    if (data !== undefined) values.push(chartValues(run, reference, field, data));
  }
  const secretRef = source.helm?.chart?.secretRef;
  const chartCredentials = secretRef === undefined ? {} : await readCredentials(run, secretRef.name);
  const decryption =
    source.decryption === undefined ? undefined : await readKeys(run, source.decryption.secretRef.name);
  const used = await readUsed(run, source);
  const sealing = source.unseal === undefined ? undefined : await readUnsealKeys(run, source.unseal.secretRef.name);
  const content = [
    [...variables].sort(([a], [b]) => (a < b ? -1 : 1)),
    values,
    ...(decryption === undefined ? [] : [[...decryption.files, ...(decryption.services ?? [])]]),
    ...(used === undefined ? [] : [[...used]]),
    ...(sealing === undefined ? [] : [sealing.texts]),
  ];
  const digest = hmacSha256(services.digestKey, canonicalJson(content), 32);
  return {
    ...{ digest, variables, values, chartCredentials },
    ...(decryption === undefined ? {} : { decryption }),
    ...(used === undefined ? {} : { used }),
    ...(sealing === undefined ? {} : { unsealKeys: sealing.keys }),
  };
}

/** Reads the private keys of Sealed Secrets: all entries of the Secret that hold one. */
async function readUnsealKeys(run: AppRun, name: string): Promise<{ texts: readonly string[]; keys: UnsealKeys }> {
  const field = "spec.source.unseal.secretRef";
  const data = (await read(run, { kind: "Secret", name }, field)) ?? new Map<string, Uint8Array>();
  const from = describe(run, "Secret", name);
  const found = [...data].flatMap(([key, bytes]) => {
    const text = textOf(bytes) ?? "";
    return text.includes(" PRIVATE KEY-----") ? [{ key, text }] : [];
  });
  const keys = found.map(({ key, text }) => {
    const parsed = rsaKeyOf(text);
    if (parsed === undefined)
      throw problem(
        "ValuesInvalid",
        `${field}: key ${key} of ${from} is not a private RSA key in PEM, without password`,
        "retryable",
      );
    return parsed;
  });
  if (keys.length > 0) return { texts: found.map(({ text }) => text), keys: { from, keys } };
  throw problem(
    "ValuesNotFound",
    `${field}: ${from} holds no private key: add tls.key of the Secrets that the controller of Sealed Secrets keeps its keys in`,
    "retryable",
  );
}

function rsaKeyOf(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === "rsa" ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what pods use besides what is in the source. */
async function readUsed(run: AppRun, { restart }: AppSource): Promise<ExternalValues["used"]> {
  if (restart?.from === undefined) return undefined;
  const used = new Map<string, Readonly<Record<string, string>>>();
  for (const [index, reference] of restart.from.entries()) {
    const data = (await read(run, reference, `spec.source.restart.from[${index}]`)) ?? [];
    const encoded = [...data].map(([key, bytes]) => [key, Buffer.from(bytes).toString("base64")] as const);
    used.set(`${reference.kind}/${reference.name}`, Object.fromEntries(encoded));
  }
  return used;
}

/** Reads a Secret that a store names; undefined if it does not exist. Throws an OverseerError that names the field. */
export function readStoreSecret(run: AppRun, name: string, field: string): ReturnType<typeof read> {
  return read(run, { kind: "Secret", name, optional: true }, field);
}

async function read(
  run: AppRun,
  { kind, name, optional }: ValuesObject & { optional?: boolean | undefined },
  field: string,
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  try {
    const data = await run.services.values.read(run.app, { kind, name });
    if (data !== undefined || optional) return data;
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    if (error.reason === "ValuesForbidden") run.requeueAfter(FORBIDDEN_RETRY_MS);
    else if (error.class === "retryable") run.requeueAfter(FAILED_RETRY_MS);
    throw problem(error.reason, `${field}: ${error.message}`, error.class);
  }
  throw problem(
    "ValuesNotFound",
    `${field}: ${describe(run, kind, name)} does not exist: create it, or set optional if the app can do without`,
    "retryable",
  );
}

/** Reads what decrypts files: keys of age in entries whose names end in `.agekey`, and what the program `sops` uses. */
async function readKeys(run: AppRun, name: string): Promise<KeyTexts> {
  const field = "spec.source.decryption.secretRef";
  const data = (await read(run, { kind: "Secret", name }, field)) ?? new Map<string, Uint8Array>();
  const from = describe(run, "Secret", name);
  const files = new Map<string, string>();
  const services = new Map<string, string>();
  for (const [key, bytes] of [...data].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!key.endsWith(".agekey") && !isServiceEntry(key)) continue;
    const text = textOf(bytes);
    if (text === undefined)
      throw problem("ValuesInvalid", `${field}: key ${key} of ${from} is not text in UTF-8`, "retryable");
    (key.endsWith(".agekey") ? files : services).set(key, text);
  }
  if (files.size + services.size > 0) return { from, files, services };
  throw problem(
    "ValuesNotFound",
    `${field}: ${from} has no entry whose name ends in .agekey or .asc, and none with credentials of a cloud: add one with a key as age-keygen writes it`,
    "retryable",
  );
}

async function readCredentials(run: AppRun, name: string): Promise<ChartCredentials> {
  const field = "spec.source.helm.chart.secretRef";
  const data = (await read(run, { kind: "Secret", name }, field)) ?? new Map<string, Uint8Array>();
  const [username, password, ca] = ["username", "password", "ca.crt"].map((key) => {
    const bytes = data.get(key);
    return bytes === undefined ? undefined : textOf(bytes);
  });
  if (username === undefined && ca === undefined) {
    throw problem(
      "ValuesNotFound",
      `${field}: ${describe(run, "Secret", name)} has neither a key username nor a key ca.crt: add username and password`,
      "retryable",
    );
  }
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function chartValues(
  run: AppRun,
  { kind, name, valuesKey = "values.yaml", targetPath }: ValuesReference,
  field: string,
  data: ReadonlyMap<string, Uint8Array>,
): ChartValues {
  const bytes = data.get(valuesKey);
  const shown = describe(run, kind, name);
  if (bytes === undefined) {
    throw problem(
      "ValuesNotFound",
      `spec.${field}: ${shown} has no key ${valuesKey}: add it, or set valuesKey`,
      "retryable",
    );
  }
  const text = textOf(bytes);
  if (text === undefined)
    throw problem("ValuesInvalid", `spec.${field}: key ${valuesKey} of ${shown} is not text in UTF-8`, "retryable");
  return {
    name: `${field} (${kind} ${name})`,
    text: targetPath === undefined ? text : valuesAt(targetPath, text),
    secret: kind === "Secret",
  };
}

function describe(run: AppRun, kind: string, name: string): string {
  return `${kind} ${run.ref.namespace}/${name}`;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function problem(reason: ErrorReason, message: string, kind: "terminal" | "retryable"): OverseerError {
  return new OverseerError(message, { code: "SOURCE_VALUES", reason, class: kind });
}
