import type { GitRepository } from "../../../api/git-repository.js";
import { GitError, type TrustedKeys, trustedKeysOf } from "../../../git/index.js";
import type { SecretCache } from "../../secret-cache.js";

/**
 * Reads the keys in the Secret of spec.verify; undefined if the repository is not verified. The Secret is watched from then on.
 * Throws `GIT_KEYS_NOT_FOUND` or `GIT_KEYS_INVALID`.
 */
export async function verificationKeys(
  { secrets }: { readonly secrets: SecretCache },
  { metadata: { namespace }, spec: { verify } }: GitRepository,
): Promise<TrustedKeys | undefined> {
  if (verify === undefined) return undefined;
  const where = `Secret ${namespace}/${verify.secretRef.name}`;
  const data = await secrets.read(namespace, verify.secretRef.name);
  if (data !== undefined) return trustedKeysOf(data, where);
  throw new GitError(
    "GIT_KEYS_NOT_FOUND",
    `${where} does not exist: create it with the public keys, or correct spec.verify.secretRef`,
  );
}
