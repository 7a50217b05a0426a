import { BlockList, isIP } from "node:net";

/** A proxy for outgoing requests: `http:` or `https:`, and from a Secret also `socks5:`. */
export interface HttpProxy {
  /** Address without user name and password. */
  readonly url: string;
  /** `host:port`, for messages. */
  readonly address: string;
  /** Environment variable or Secret that configures the proxy, for messages. */
  readonly variable: string;
  /** Decoded user name and password; confidential. */
  readonly credential: { readonly username: string; readonly password: string } | undefined;
}

/** Configured proxies and exceptions. */
export interface ProxySettings {
  readonly https?: HttpProxy | undefined;
  readonly http?: HttpProxy | undefined;
  /** The text of NO_PROXY. */
  readonly noProxy?: string;
}

/**
 * Selects the proxy of a request by the common rules of curl and Go: by the URL's scheme, unless NO_PROXY matches the host
 * (`example.com` and its subdomains, `host:port`, an address, a network like 10.0.0.0/8, or `*`). Loopback addresses are
 * always reached directly.
 */
export class ProxyRules {
  readonly #settings: ProxySettings;
  readonly #names: readonly { readonly host: string; readonly port: string }[];
  readonly #networks = new BlockList();
  readonly #isOff: boolean;

  constructor(settings: ProxySettings = {}) {
    this.#settings = settings;
    const entries = (settings.noProxy ?? "").split(/[,\s]+/).filter((entry) => entry !== "");
    this.#isOff = entries.includes("*");
    this.#names = entries.filter((entry) => !this.#addNetwork(entry)).map(nameOf);
  }

  /** Returns the proxy for a URL; undefined for a direct connection. */
  proxyFor(url: string): HttpProxy | undefined {
    const { protocol, hostname, port } = new URL(url);
    const proxy = protocol === "https:" ? this.#settings.https : this.#settings.http;
    if (proxy === undefined || this.#isOff) return undefined;
    const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
    return this.#isDirect(host, port || (protocol === "https:" ? "443" : "80")) ? undefined : proxy;
  }

  /** Returns the variables by which other programs select the same proxies. They hold the credentials of the proxies. */
  environment(): Readonly<Record<string, string>> {
    const { https, http, noProxy = "" } = this.#settings;
    return {
      ...(https === undefined ? {} : { HTTPS_PROXY: withCredential(https) }),
      ...(http === undefined ? {} : { HTTP_PROXY: withCredential(http) }),
      ...(noProxy === "" ? {} : { NO_PROXY: noProxy }),
    };
  }

  #isDirect(host: string, port: string): boolean {
    if (host === "localhost" || host.endsWith(".localhost")) return true;
    const version = isIP(host);
    if (version !== 0) {
      if (LOOPBACK.check(host, version === 6 ? "ipv6" : "ipv4")) return true;
      if (this.#networks.check(host, version === 6 ? "ipv6" : "ipv4")) return true;
    }
    return this.#names.some(
      (name) => (name.port === "" || name.port === port) && (host === name.host || host.endsWith(`.${name.host}`)),
    );
  }

  #addNetwork(entry: string): boolean {
    const [, address = "", bits = ""] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? [];
    const version = isIP(address);
    if (version === 0 || Number(bits) > (version === 6 ? 128 : 32)) return false;
    this.#networks.addSubnet(address, Number(bits), version === 6 ? "ipv6" : "ipv4");
    return true;
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

function nameOf(entry: string): { host: string; port: string } {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { host: (bracketed[1] ?? "").toLowerCase(), port: bracketed[2] ?? "" };
  const [, host = entry, port = ""] = isIP(entry) === 6 ? [] : (/^(.+):(\d+)$/.exec(entry) ?? []);
  return { host: host.replace(/^\*?\.(?=.)/, "").toLowerCase(), port };
}

function withCredential({ url, credential }: HttpProxy): string {
  if (credential === undefined) return url;
  const complete = new URL(url);
  complete.username = encodeURIComponent(credential.username);
  complete.password = encodeURIComponent(credential.password);
  return complete.href;
}
