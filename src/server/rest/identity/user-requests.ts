import type { ClusterAccess } from "../../../kube/client/auth.js";
import type { KubeClient, KubeRequest, KubeResponse } from "../../../kube/client/kube-client.js";
import { type Identity, impersonable } from "./identity.js";

/** A request without the settings that decide in whose name it is made. */
export type UserRequest = Omit<KubeRequest, "impersonate" | "impersonateGroups" | "bearer">;

/** The API server as one user sees it. */
export interface UserKube {
  request<T>(request: UserRequest): Promise<KubeResponse<T>>;
  /** Opens a stream, for example a log. */
  stream(request: UserRequest): Promise<AsyncIterable<Buffer>>;
}

/** Makes requests in the name of users. There is no request without a user. */
export class UserRequests {
  readonly #own: KubeClient;
  readonly #bare: KubeClient;

  /** `own` has the credential of the role, which may impersonate. `bare` has none: see `withoutCredential`. */
  constructor(own: KubeClient, bare: KubeClient) {
    this.#own = own;
    this.#bare = bare;
  }

  /** Returns the API server as a user sees it. Throws an Error, which is a bug, for an identity that must not be impersonated. */
  as(identity: Identity): UserKube {
    const { client, settings } = this.#way(identity);
    return {
      request: (request) => client.request({ ...request, ...settings }),
      stream: (request) => client.stream({ ...request, ...settings }),
    };
  }

  #way({ name, groups, credential, signedInBy }: Identity) {
    if (credential.kind === "token") {
      if (credential.token === "") throw new Error("a request without the token of a user");
      return { client: this.#bare, settings: { bearer: credential.token } };
    }
    const checked = impersonable(name, groups, { serviceAccounts: signedInBy === "token" });
    if ("refused" in checked) throw new Error(`a request without a user: ${checked.refused}`);
    return { client: this.#own, settings: { impersonate: name, impersonateGroups: checked.groups } };
  }
}

/**
 * Returns the access to the same API server without any credential, for requests with the token of a user. A client certificate
 * would win over the token: the API server looks at certificates first.
 */
export function withoutCredential(access: ClusterAccess): ClusterAccess {
  const { renewTls } = access;
  return {
    server: access.server,
    get tls() {
      const { cert: _, key: __, passphrase: ___, ...tls } = access.tls;
      return tls;
    },
    signIn: "the token of the request",
    authHeaders: async () => ({}),
    ...(renewTls === undefined ? {} : { renewTls: () => renewTls.call(access) }),
  };
}
