import { type HttpProxy, ProxyRules } from "../base/proxy.js";
import { redactUrl } from "../base/redact.js";
import type { Environment } from "./command-line.js";
import { ConfigError } from "./errors.js";

/** The proxies of the environment, and which of its variables are ignored. */
export interface EnvironmentProxies {
  readonly rules: ProxyRules;
  /** Why a variable is ignored, for the log. */
  readonly warnings: readonly string[];
}

/**
 * The proxies that the environment names, as curl reads it: HTTPS_PROXY and HTTP_PROXY by the scheme of what is asked for,
 * ALL_PROXY where neither says anything, NO_PROXY for what is reached directly; each in upper or lower case. ALL_PROXY is often
 * set for other programs, to what only they can use (SOCKS): it is ignored then, with a warning.
 *
 * @throws ConfigError for another variable that does not hold the address of an HTTP proxy; the message shows no password.
 */
export function readProxies(env: Environment): EnvironmentProxies {
  const warnings: string[] = [];
  const readAll = (): HttpProxy | undefined => {
    try {
      return readProxy(env, "ALL_PROXY");
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      warnings.push(`ignoring a proxy of the environment: ${error.message}`);
      return undefined;
    }
  };
  const all = readAll();
  const rules = new ProxyRules({
    https: readProxy(env, "HTTPS_PROXY") ?? all,
    http: readProxy(env, "HTTP_PROXY") ?? all,
    noProxy: env.no_proxy || env.NO_PROXY || "",
  });
  return { rules, warnings };
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
