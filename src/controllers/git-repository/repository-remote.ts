import type { GitRepository } from "../../api/git-repository.js";
import { OverseerError } from "../../base/errors.js";
import { checkAllowedHost, credentialFromSecret, type GitRemote, gitRemote, proxyFromSecret } from "../../git/index.js";
import type { GitRepositoryServices } from "./services.js";

type Services = Pick<GitRepositoryServices, "secrets" | "digestKey" | "allowedHosts">;

/** Returns the repository's address with its credential and proxy, read from the Secrets that it references, if any. Throws `GIT_HOST_NOT_ALLOWED`. */
export async function remoteOf(services: Services, repository: GitRepository): Promise<GitRemote> {
  const { secretRef, proxySecretRef, url } = repository.spec;
  const secret = secretRef && (await readSecret(services, repository, secretRef.name, "secretRef"));
  const credential = secret && credentialFromSecret(secret.data, { where: secret.where, url });
  const proxySecret = proxySecretRef && (await readSecret(services, repository, proxySecretRef.name, "proxySecretRef"));
  const proxy = proxySecret && proxyFromSecret(proxySecret.data, proxySecret.where);
  const remote = gitRemote(url, credential, services.digestKey, proxy);
  checkAllowedHost(remote, services.allowedHosts);
  return remote;
}

/** The data of a Secret, and its name for messages. */
interface NamedSecret {
  readonly where: string;
  readonly data: Readonly<Record<string, string>>;
}

async function readSecret(
  { secrets }: Services,
  { metadata: { namespace } }: GitRepository,
  name: string,
  field: string,
): Promise<NamedSecret> {
  const where = `Secret ${namespace}/${name}`;
  const data = await secrets.read(namespace, name);
  if (data) return { where, data };
  throw new OverseerError(`${where} does not exist: create it, or correct spec.${field}`, {
    code: "SECRET_NOT_FOUND",
    reason: "SecretNotFound",
    class: "retryable",
  });
}
