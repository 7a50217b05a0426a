import type { GitRepository } from "../../api/git-repository.js";
import { OverseerError } from "../../base/errors.js";
import {
  checkAllowedHost,
  credentialFromSecret,
  type GitHost,
  type GitHosts,
  type GitRemote,
  gitRemote,
  type OpenOptions,
  proxyFromSecret,
  remoteAddress,
} from "../../git/index.js";
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

/** Opens the API of the repository's host, with the credential of `spec.provider.secretRef` or else `spec.secretRef`. Throws as GitHosts does. */
export async function openHostOf(
  services: Pick<Services, "secrets"> & { readonly hosts: GitHosts },
  repository: GitRepository,
  options?: OpenOptions,
): Promise<GitHost> {
  const { provider, proxySecretRef, url, secretRef } = repository.spec;
  const [ref, field] = provider?.secretRef ? [provider.secretRef, "provider.secretRef"] : [secretRef, "secretRef"];
  const secret = ref && (await readSecret(services, repository, ref.name, field));
  const proxySecret = proxySecretRef && (await readSecret(services, repository, proxySecretRef.name, "proxySecretRef"));
  const proxy = proxySecret && proxyFromSecret(proxySecret.data, proxySecret.where);
  return services.hosts.open({ url, provider, secret, proxy }, options);
}

/** Returns what shares the workers for repositories: the namespace, and the server unless the URL is invalid. */
export function repositoryGroups(repository: GitRepository | undefined): readonly string[] {
  if (repository === undefined) return [];
  const namespace = `namespace ${repository.metadata.namespace}`;
  try {
    return [namespace, `server ${remoteAddress(repository.spec.url)}`];
  } catch {
    return [namespace];
  }
}

/** The data of a Secret, and its name for messages. */
interface NamedSecret {
  readonly where: string;
  readonly data: Readonly<Record<string, string>>;
}

async function readSecret(
  { secrets }: Pick<Services, "secrets">,
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
