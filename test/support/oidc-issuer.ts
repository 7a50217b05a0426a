import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The part of the package that is used; it has no types of its own. */
interface ProviderModule {
  readonly default: new (issuer: string, configuration: object) => { callback(): RequestListener };
}

const PACKAGE = "oidc-provider";

/** A certified issuer of OpenID Connect in this process. Every password is right; users have the groups that the test gives them. */
export class OidcIssuer {
  readonly url: string;
  readonly clientId = "overseer";
  readonly clientSecret = "client-secret-of-the-test";
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
    listener = new Provider(url, {
      clients: [{ client_id, client_secret, redirect_uris: [redirectUri] }],
      claims: { openid: ["sub"], groups: ["groups"] },
      scopes: ["openid", "groups"],
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

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Form {
  readonly action: string;
  readonly prompt: string;
}

/** A browser that keeps cookies, and fills in the forms of the issuer. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async visit(url: string): Promise<{ readonly location?: string; readonly form?: Form }> {
    const response = await this.#fetch(url, { method: "GET" });
    const location = response.headers.get("location");
    if (location !== null) return { location: new URL(location, url).href };
    const html = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(html)?.[1];
    return action === undefined || prompt === undefined ? {} : { form: { action: new URL(action, url).href, prompt } };
  }

  async submit({ action, prompt }: Form, user: string): Promise<string> {
    const body = new URLSearchParams({ prompt, login: user, password: "any" });
    const response = await this.#fetch(action, { method: "POST", body });
    return new URL(response.headers.get("location") ?? "", action).href;
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
