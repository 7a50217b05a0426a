import { type HttpProxy, ProxyRules } from "../base/proxy.js";
import { redactUrl } from "../base/redact.js";
import type { Environment } from "./command-line.js";
import { ConfigError } from "./errors.js";

/** Proxies configured in the environment, and warnings about ignored variables. */
export interface EnvironmentProxies {
  readonly rules: ProxyRules;
  /** Warnings to log about ignored variables. */
  readonly warnings: readonly string[];
}

/**
 * Reads the proxy variables as curl does: HTTPS_PROXY or HTTP_PROXY depending on the scheme of the request, ALL_PROXY
 * if that one is unset, and NO_PROXY for hosts to reach directly; each in upper or lower case. ALL_PROXY often holds a
 * SOCKS proxy for other programs: an unusable value is ignored with a warning.
 *
 * @throws ConfigError if another variable does not hold the address of an HTTP proxy; the message shows no password.
 */
export function readProxies(env: Environment): EnvironmentProxies {
  const warnings: string[] = [];
  const readAllProxy = (): HttpProxy | undefined => {
    try {
      return readProxy(env, "ALL_PROXY");
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      warnings.push(`ignoring a proxy variable: ${error.message}`);
      return undefined;
    }
  };
  const all = readAllProxy();
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
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(absolute) ? new URL(absolute) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    throw new ConfigError(
      `${variable} must be the address of an HTTP proxy, like http://proxy.example.com:3128; got ${JSON.stringify(redactUrl(absolute))}`,
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
