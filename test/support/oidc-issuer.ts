import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The part of the package that is used; it has no types of its own. */
interface ProviderModule {
  readonly default: new (issuer: string, configuration: object) => { callback(): RequestListener };
}

const PACKAGE = "oidc-provider";

/** Seconds that ID tokens are valid: the first one of a client is so short that a command renews it. */
function ttlOf({ oidc }: { readonly oidc: { readonly params?: { readonly grant_type?: string } } }): number {
  return oidc.params?.grant_type === "refresh_token" ? 3600 : 45;
}

/** A certified issuer of OpenID Connect in this process. Every password is right; users have the groups that the test gives them. */
export class OidcIssuer {
  readonly url: string;
  readonly clientId = "overseer";
  readonly clientSecret = "client-secret-of-the-test";
  /** Public client of the command line. */
  readonly cliClientId = "overseer-cli";
  readonly #server: Server;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  static async start(groupsOf: (user: string) => readonly string[], redirectUri: string): Promise<OidcIssuer> {
    let listener: RequestListener = (_request, response) => response.end();
    const server = createServer((request, response) => listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const issuer = new OidcIssuer(url, server);
    const { default: Provider } = (await import(PACKAGE)) as ProviderModule;
    const { clientId: client_id, clientSecret: client_secret } = issuer;
    const cli = {
      ...{ client_id: issuer.cliClientId, token_endpoint_auth_method: "none", application_type: "native" },
      ...{ redirect_uris: ["http://127.0.0.1/callback"], response_types: ["code"] },
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    };
    listener = new Provider(url, {
      clients: [{ client_id, client_secret, redirect_uris: [redirectUri] }, cli],
      features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
      ttl: { IdToken: ttlOf },
      claims: { openid: ["sub"], groups: ["groups"] },
      scopes: ["openid", "groups", "offline_access"],
      conformIdTokenClaims: false,
      findAccount: (_context: unknown, id: string) => ({
        accountId: id,
        claims: async () => ({ sub: id, groups: groupsOf(id) }),
      }),
      cookies: { keys: ["key-of-the-test"] },
      pkce: { required: () => true },
    }).callback();
    return issuer;
  }

  /** Signs a user in as a browser does, from the URL of the authorization request. Returns the URL that the issuer redirects to. */
  async signIn(authorizationUrl: string, user: string, redirectUri: string): Promise<string> {
    const browser = new Browser();
    let url = authorizationUrl;
    for (let step = 0; step < 20; step++) {
      const { location, form } = await browser.visit(url);
      if (location?.startsWith(redirectUri)) return location;
      if (location !== undefined) url = location;
      else if (form !== undefined) url = await browser.submit(form, user);
      else throw new Error(`the issuer shows neither a form nor a redirect at ${url}`);
    }
    throw new Error("the issuer has not redirected to the client");
  }

  /** Confirms the code of a device, from the URL that contains it. */
  async confirmDevice(url: string, user: string): Promise<void> {
    const browser = new Browser();
    let next = url;
    for (let step = 0; step < 20; step++) {
      const { location, form } = await browser.visit(next);
      if (location !== undefined) next = location;
      else if (form === undefined) return;
      else next = await browser.submit(form, user);
      if (next === "") return;
    }
    throw new Error("the issuer has not confirmed the device");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Form {
  readonly action: string;
  /** Values of the hidden fields. */
  readonly hidden: Readonly<Record<string, string>>;
}

/** A browser that keeps cookies, and fills in the forms of the issuer. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async visit(url: string): Promise<{ readonly location?: string; readonly form?: Form }> {
    const response = await this.#fetch(url, { method: "GET" });
    const location = response.headers.get("location");
    if (location !== null) return { location: new URL(location, url).href };
    const form = formIn(await response.text(), url);
    return form === undefined ? {} : { form };
  }

  /** Returns where a form leads: a redirect, or the page that it answers with, which is then the next to submit. */
  async submit({ action, hidden }: Form, user: string): Promise<string> {
    const body = new URLSearchParams({ ...hidden, login: user, password: "any" });
    const response = await this.#fetch(action, { method: "POST", body });
    const location = response.headers.get("location");
    if (location !== null) return new URL(location, action).href;
    const next = formIn(await response.text(), action);
    return next === undefined ? "" : this.submit(next, user);
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie } });
    for (const text of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}

/** Returns the first form of a page. */
function formIn(html: string, url: string): Form | undefined {
  const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1];
  if (action === undefined) return undefined;
  const fields = [...html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([field]) => [
    /name="([^"]+)"/.exec(field)?.[1] ?? "",
    /value="([^"]*)"/.exec(field)?.[1] ?? "",
  ]);
  return { action: new URL(action, url).href, hidden: Object.fromEntries(fields) };
}
