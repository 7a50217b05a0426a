import { type Flag, type FlagValues, flagError } from "../../flags.js";
import type { CertificateIssuer, ProxySettings } from "./caddy-config.js";

/** Flags of the agent for the proxy of the node. */
export const PROXY_FLAGS: readonly Flag[] = [
  {
    name: "proxy",
    value: "PROXY",
    help: "Proxy that publishes the routes of this node: caddy, or none.",
    fallback: "none",
  },
  {
    name: "proxy-admin",
    value: "URL",
    help: "Administration API of Caddy, as http://HOST:PORT or unix:///path.",
    fallback: "http://127.0.0.1:2019",
  },
  { name: "proxy-http-port", value: "PORT", help: "Port of the proxy for HTTP.", fallback: "80" },
  { name: "proxy-https-port", value: "PORT", help: "Port of the proxy for HTTPS.", fallback: "443" },
  {
    name: "proxy-certificates",
    value: "DIR",
    help: "Directory with certificates NAME.crt and keys NAME.key, which the proxy must be able to read.",
  },
  {
    name: "proxy-issuer",
    value: "ISSUER",
    help: "Issuer of other certificates: acme (Let's Encrypt), the URL of another ACME directory, internal (the authority of Caddy), or none.",
    fallback: "acme",
  },
  { name: "proxy-email", value: "ADDRESS", help: "Address for the account at the ACME issuer." },
];

/** Reads the settings of the proxy. Throws CORE_FLAG_INVALID. */
export function proxySettings(flags: FlagValues): ProxySettings & { readonly admin: string | undefined } {
  const proxy = flags.get("proxy");
  if (proxy !== "caddy" && proxy !== "none") throw flagError("--proxy: expected caddy or none");
  const admin = flags.get("proxy-admin") ?? "";
  if (!/^(http:\/\/[^/]+\/?|unix:\/\/\/.+)$/.test(admin)) {
    throw flagError("--proxy-admin: expected http://HOST:PORT or unix:///path");
  }
  const [httpPort, httpsPort] = [portOf(flags, "proxy-http-port"), portOf(flags, "proxy-https-port")];
  if (httpPort === httpsPort) throw flagError("--proxy-http-port and --proxy-https-port must differ");
  return { admin: proxy === "caddy" ? admin : undefined, httpPort, httpsPort, issuer: issuerOf(flags) };
}

function issuerOf(flags: FlagValues): CertificateIssuer {
  const issuer = flags.get("proxy-issuer") ?? "";
  const email = flags.get("proxy-email");
  if (issuer === "internal" || issuer === "none") return { type: issuer };
  const account = email === undefined ? {} : { email };
  if (issuer === "acme") return { type: "acme", ...account };
  if (/^https:\/\//.test(issuer) && URL.canParse(issuer)) return { type: "acme", directory: issuer, ...account };
  throw flagError("--proxy-issuer: expected acme, an https URL of an ACME directory, internal or none");
}

function portOf(flags: FlagValues, name: string): number {
  const port = Number(flags.get(name));
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw flagError(`--${name}: expected a number from 1 to 65535`);
  return port;
}
