import type { GitRepository } from "../../api/git-repository.js";
import { OverseerError } from "../../base/errors.js";
import { credentialFromSecret, type GitRemote, gitRemote } from "../../git/index.js";
import type { GitRepositoryServices } from "./services.js";

/** Returns the repository's address with its credential, read from the Secret that it references, if any. */
export async function remoteOf(
  services: Pick<GitRepositoryServices, "secrets" | "digestKey">,
  repository: GitRepository,
): Promise<GitRemote> {
  const { secretRef, url } = repository.spec;
  if (!secretRef) return gitRemote(url, undefined, services.digestKey);
  const where = `${repository.metadata.namespace}/${secretRef.name}`;
  const data = await services.secrets.read(repository.metadata.namespace, secretRef.name);
  if (data) return gitRemote(url, credentialFromSecret(data, { where: `Secret ${where}`, url }), services.digestKey);
  throw new OverseerError(`Secret ${where} does not exist: create it, or correct spec.secretRef`, {
    code: "SECRET_NOT_FOUND",
    reason: "SecretNotFound",
    class: "retryable",
  });
}
