import type { ClusterFlags } from "../flags.js";
import { serverUrl } from "../login/server-url.js";
import { LoginStore } from "../login/store.js";
import { fixedToken, storedToken } from "../login/tokens.js";
import { ServerConnection } from "./server-connection.js";
import { ServerHttp } from "./server-http.js";

/**
 * Connects to a REST API with the token of the flag, or of the last sign-in. No request is sent.
 *
 * @throws UsageError for a URL that is not safe, CommandError if the credentials cannot be read.
 */
export async function connectServer(server: string, flags: ClusterFlags): Promise<ServerConnection> {
  const url = serverUrl(server);
  const store = new LoginStore(process.env);
  const login = await store.get(url);
  const tokens = flags.token === undefined ? storedToken(store, url) : fixedToken(url, flags.token);
  const http = new ServerHttp({ url, tokens, ca: login?.ca, timeoutMs: flags.requestTimeout });
  return new ServerConnection(http, { namespace: flags.namespace ?? "default", url });
}
