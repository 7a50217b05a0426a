import { type HttpProxy, ProxyRules } from "../base/proxy.js";
import { redactUrl } from "../base/redact.js";
import type { Environment } from "./command-line.js";
import { ConfigError } from "./errors.js";

/**
 * The proxies that the environment names, as curl reads it: HTTPS_PROXY and HTTP_PROXY by the scheme of what is asked for,
 * ALL_PROXY where neither says anything, NO_PROXY for what is reached directly; each in upper or lower case.
 *
 * @throws ConfigError for a proxy that is none; it shows no password.
 */
export function proxyRules(env: Environment): ProxyRules {
  const all = readProxy(env, "ALL_PROXY");
  return new ProxyRules({
    https: readProxy(env, "HTTPS_PROXY") ?? all,
    http: readProxy(env, "HTTP_PROXY") ?? all,
    noProxy: env.no_proxy || env.NO_PROXY || "",
  });
}

function readProxy(env: Environment, name: string): HttpProxy | undefined {
  const variable = env[name.toLowerCase()] ? name.toLowerCase() : name;
  const text = env[variable]?.trim();
  if (text === undefined || text === "") return undefined;
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    const shown = redactUrl(full);
    throw new ConfigError(
      `${variable} must be the address of an HTTP proxy, like http://proxy.example.com:3128; got ${JSON.stringify(shown)}`,
      "CONFIG_INVALID",
    );
  }
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const { username, password } = url;
  return {
    url: `${url.protocol}//${url.hostname}:${port}`,
    address: `${url.hostname}:${port}`,
    variable,
    credential: username === "" ? undefined : { username: decode(username), password: decode(password) },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
