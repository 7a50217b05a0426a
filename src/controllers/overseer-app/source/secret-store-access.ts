import type { SecretStore, VaultAuth } from "../../../api/secret-stores.js";
import { OverseerError } from "../../../base/errors.js";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { StoreAccess } from "../../../secrets/stores/secret-stores.js";
import type { VaultCredential } from "../../../secrets/stores/vault-session.js";
import type { ValuesObject } from "../app-services.js";
import type { AppRun } from "../run.js";

/** Reads one key of a Secret of the app as text. Throws an OverseerError that names the field. */
export type ReadKey = (name: string, key: string, field: string) => Promise<string>;

/** Returns the Secrets that the stores of a source name. */
export function objectsOfStores(stores: readonly SecretStore[] = []): ValuesObject[] {
  const names = stores.flatMap(({ kubernetes, vault, core }) => [
    ...(kubernetes?.secrets ?? []),
    ...[vault?.caSecretRef, vault?.auth.appRole?.secretRef, vault?.auth.tokenSecretRef].flatMap(
      (ref) => ref?.name ?? [],
    ),
    ...[core?.secretRef, core?.caSecretRef].flatMap((ref) => ref?.name ?? []),
  ]);
  return [...new Set(names)].map((name) => ({ kind: "Secret", name }));
}

/** Returns address and credential of a store that is not the cluster. */
export async function accessOf(run: AppRun, store: SecretStore, field: string, readKey: ReadKey): Promise<StoreAccess> {
  const { digestKey } = run.services;
  const { vault, core } = store;
  const caName = (vault ?? core)?.caSecretRef?.name;
  const at = `${field}.${vault === undefined ? "core" : "vault"}`;
  const ca = caName === undefined ? undefined : await readKey(caName, "ca.crt", `${at}.caSecretRef`);
  const idOf = (content: unknown): string =>
    hmacSha256(digestKey, `secret-store ${canonicalJson([run.ref.namespace, ca ?? "", content])}`, 32);
  if (vault !== undefined) {
    const { url, mount = "secret", namespace, auth } = vault;
    const { credential, secret } = await credentialOf(run, auth, `${at}.auth`, readKey);
    const id = idOf([url, mount, namespace ?? "", auth, secret, run.app.spec.serviceAccountName ?? ""]);
    return { kind: "vault", id, url, ca, mount, namespace, credential };
  }
  if (core === undefined) throw new TypeError(`the store ${store.name} has no type`);
  const { url, secretRef } = core;
  const token = (await readKey(secretRef.name, "token", `${at}.secretRef`)).trim();
  const from = `Secret ${run.ref.namespace}/${secretRef.name}`;
  return { kind: "core", id: idOf([url, token]), url, ca, token, from };
}

async function credentialOf(
  run: AppRun,
  { kubernetes, appRole, tokenSecretRef }: VaultAuth,
  field: string,
  readKey: ReadKey,
): Promise<{ readonly credential: VaultCredential; readonly secret: string }> {
  if (tokenSecretRef !== undefined) {
    const { name, key = "token" } = tokenSecretRef;
    const token = (await readKey(name, key, `${field}.tokenSecretRef`)).trim();
    return { credential: { kind: "token", token, from: `Secret ${run.ref.namespace}/${name}` }, secret: token };
  }
  if (appRole !== undefined) {
    const { roleId, secretRef, path = "approle" } = appRole;
    const { name, key = "secret-id" } = secretRef;
    const secretId = (await readKey(name, key, `${field}.appRole.secretRef`)).trim();
    const body = async () => ({ role_id: roleId, secret_id: secretId });
    return { credential: { kind: "login", path, as: `the AppRole ${roleId} of auth/${path}`, body }, secret: secretId };
  }
  if (kubernetes === undefined) throw new TypeError("the store has no authentication");
  const { role, path = "kubernetes", audience } = kubernetes;
  const { serviceAccountName } = run.app.spec;
  if (serviceAccountName === undefined)
    throw new OverseerError(
      `${field}.kubernetes authenticates with a token of spec.serviceAccountName, which is not set: set it to a ServiceAccount in namespace ${run.ref.namespace}`,
      { code: "SECRET_STORE_ACCOUNT", reason: "ServiceAccountRequired", class: "terminal" },
    );
  const { services, ref } = run;
  const body = async () => ({
    role,
    jwt: await services.accountTokens.create(ref.namespace, serviceAccountName, audience),
  });
  return { credential: { kind: "login", path, as: `the role ${role} of auth/${path}`, body }, secret: "" };
}
