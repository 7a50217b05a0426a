import { OverseerError } from "../base/errors.js";
import type { AccountTokens } from "../controllers/overseer-app/app-services.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { isStatus } from "../kube/errors.js";

/** Shortest lifetime that the API server accepts. Each token is used once, for a login. */
const LIFETIME_SECONDS = 600;

/** Creates tokens of ServiceAccounts as these themselves, so that the operator needs no permission to create any. */
export class ServiceAccountTokens implements AccountTokens {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async create(namespace: string, name: string, audience: string | undefined): Promise<string> {
    const account = `ServiceAccount ${namespace}/${name}`;
    try {
      const { body } = await this.#client.request<{ status?: { token?: string } }>({
        method: "POST",
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}/token`,
        body: {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: { expirationSeconds: LIFETIME_SECONDS, ...(audience === undefined ? {} : { audiences: [audience] }) },
        },
        impersonate: `system:serviceaccount:${namespace}:${name}`,
      });
      return body.status?.token ?? "";
    } catch (error) {
      if (isStatus(error, 404)) throw refused(`${account} does not exist: create it`);
      if (!isStatus(error, 403)) throw error;
      throw refused(
        `${account} may not create a token of its own: grant it the verb create for serviceaccounts/token of this name`,
      );
    }
  }
}

function refused(message: string): OverseerError {
  return new OverseerError(message, { code: "ACCOUNT_TOKEN_REFUSED", reason: "SecretStoreDenied", class: "retryable" });
}
