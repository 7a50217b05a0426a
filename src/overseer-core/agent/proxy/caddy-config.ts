import { comparedPath, isPlainPath } from "../../../api/core/url-path.js";
import type { Json } from "../../../base/hash.js";
import {
  forwardAuthHandlers,
  identityHeaders,
  removeClaims,
  removesIdentity,
  signInServiceHandlers,
} from "./forward-auth.js";
import type { PlannedRoute } from "./plan-routes.js";

/** Where certificates come from that are not given as files. */
export type CertificateIssuer =
  | { readonly type: "acme"; readonly directory?: string; readonly email?: string }
  | { readonly type: "internal" }
  | { readonly type: "none" };

/** Settings of the proxy. */
export interface ProxySettings {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly issuer: CertificateIssuer;
}

/** A certificate and its key as files on the node. */
export interface CertificateFile {
  readonly certificate: string;
  readonly key: string;
  readonly version: string;
}

/** Names of our servers, and the prefix of our marks, in the configuration of Caddy. */
const HTTPS_SERVER = "overseer-https";
const HTTP_SERVER = "overseer-http";
const MARK = "overseer";

type Mapping = { readonly [key: string]: Json };

/** Seconds for which a request waits for a container that does not accept connections, such as one that restarts. */
const TRY_SECONDS = 5;

/**
 * Returns the configuration of Caddy with our servers, certificates and policies replaced. Everything else stays as it is.
 * `current`: the configuration as Caddy returned it.
 */
export function withRoutes(
  current: Json,
  routes: readonly PlannedRoute[],
  certificates: readonly CertificateFile[],
  settings: ProxySettings,
): Json {
  const config = mapping(current);
  const apps = mapping(config.apps);
  const [http, tls] = [mapping(apps.http), mapping(apps.tls)];
  const servers = { ...mapping(http.servers) };
  delete servers[HTTPS_SERVER];
  delete servers[HTTP_SERVER];
  const ports = { http_port: settings.httpPort, https_port: settings.httpsPort };
  const own = routes.length === 0 ? {} : ownServers(routes, settings);
  return {
    ...config,
    apps: {
      ...apps,
      http: { ...http, ...ports, servers: { ...servers, ...own } },
      tls: tlsApp(tls, routes, certificates, settings),
    },
  };
}

function ownServers(routes: readonly PlannedRoute[], settings: ProxySettings): Mapping {
  const identity = identityHeaders(routes);
  const published = (route: PlannedRoute): Json[] => caddyRoutes(route, identity.get(route.app) ?? []);
  const open = new Set(routes.filter(({ tls, problem }) => tls && problem === null).map(({ hostname }) => hostname));
  const withoutCertificate = routes.map(({ hostname }) => hostname).filter((hostname) => !open.has(hostname));
  const ambiguous = refusedPaths(routes);
  const https: Json = {
    listen: [`:${settings.httpsPort}`],
    // Routes without TLS keep their place, so that no broader route with TLS serves what they protect.
    routes: [...ambiguous, ...routes.flatMap((route) => (route.tls ? published(route) : [onlyHttp(route)])), NOT_FOUND],
    automatic_https: {
      disable_redirects: true,
      ...(withoutCertificate.length === 0 ? {} : { skip_certificates: unique(withoutCertificate) }),
    },
  };
  const http: Json = {
    listen: [`:${settings.httpPort}`],
    routes: [
      ...ambiguous,
      ...routes.flatMap((route) => (route.tls ? [redirect(route, settings)] : published(route))),
      NOT_FOUND,
    ],
    automatic_https: { disable: true },
  };
  return { ...(routes.some(({ tls }) => tls) ? { [HTTPS_SERVER]: https } : {}), [HTTP_SERVER]: http };
}

const NOT_FOUND: Json = { handle: [{ handler: "static_response", status_code: 404, body: "no route to this host" }] };

function unavailable(body: string, status = 503): Json {
  return { handler: "static_response", status_code: status, body };
}

/**
 * Returns the routes of Caddy for one route: first the paths of its sign-in service, then its own. `identity`: headers that say to its app
 * who the visitor is, because of another route.
 */
function caddyRoutes(route: PlannedRoute, identity: readonly string[]): Json[] {
  const { hostname, problem, upstreams, signIn } = route;
  const match = matchersOf(route);
  if (problem !== null) return [{ match, terminal: true, handle: [unavailable("this route is not published")] }];
  const backend = proxyTo(upstreams);
  if (signIn === null) {
    const handle = identity.length === 0 ? [backend] : [removeClaims(identity), backend];
    return [{ match, terminal: true, handle }];
  }
  const { forwardAuth } = signIn;
  if (forwardAuth === null) return [{ match, terminal: true, handle: [unavailable("sign-in is simulated", 403)] }];
  const service = forwardAuth.paths.map(
    (prefix): Json => ({
      match: [matcher(hostname, prefix)],
      terminal: true,
      handle: signInServiceHandlers(forwardAuth),
    }),
  );
  const forged: Json = {
    match: match.map((one) => ({ ...one, ...removesIdentity(forwardAuth) })),
    terminal: true,
    handle: [unavailable("the header Connection names a header of the sign-in", 400)],
  };
  return [...service, forged, { match, terminal: true, handle: [...forwardAuthHandlers(forwardAuth), backend] }];
}

/**
 * Refuses paths that apps in Java read as other ones, on hosts where a path is protected: to them, `/;x/admin` and `/a/..;/admin` are
 * `/admin`. An empty segment at the end, as in `/;jsessionid=1`, leads to no other place. Judges the path as it was sent: path matchers
 * remove `;x/..` before they compare.
 */
function refusedPaths(routes: readonly PlannedRoute[]): Json[] {
  const hosts = unique(routes.filter(({ signIn }) => signIn !== null).map(({ hostname }) => hostname));
  if (hosts.length === 0) return [];
  const match = { host: hosts, vars_regexp: { "{http.request.uri.path}": { pattern: "(^|/)(;[^/]*/|\\.\\.?;)" } } };
  return [{ match: [match], terminal: true, handle: [unavailable("apps read this path in different ways", 400)] }];
}

function proxyTo(upstreams: readonly string[]): Json {
  return {
    handler: "reverse_proxy",
    upstreams: upstreams.map((dial) => ({ dial })),
    load_balancing: { try_duration: `${TRY_SECONDS}s`, try_interval: "250ms" },
  };
}

function redirect(route: PlannedRoute, { httpsPort }: ProxySettings): Json {
  const port = httpsPort === 443 ? "" : `:${httpsPort}`;
  const location = `https://{http.request.host}${port}{http.request.uri}`;
  return {
    match: matchersOf(route),
    terminal: true,
    handle: [{ handler: "static_response", status_code: 308, headers: { Location: [location] } }],
  };
}

function onlyHttp(route: PlannedRoute): Json {
  const handle = [unavailable("this route is served over HTTP only", 404)];
  return { match: matchersOf(route), terminal: true, handle };
}

/** Returns what matches the requests of a route. */
function matchersOf({ hostname, path, signIn }: PlannedRoute): Mapping[] {
  const own = matcher(hostname, path);
  if (signIn === null || path === "/" || !isPlainPath(path)) return [own];
  // Apps in Java ignore parameters of a path: `/admin;x` is `/admin` to them.
  const segments = path.slice(1).split("/");
  const pattern = segments.map((segment) => `/${literal(segment)}(;[^/]*)?`).join("");
  return [own, { host: [hostname], path_regexp: { pattern: `(?i)^${pattern}(/|$)` } }];
}

/** Matches a host and a path with everything below it. `/api` matches `/api` and `/api/x`, but not `/apis`. */
function matcher(hostname: string, path: string): Mapping {
  const prefix = path.replace(/\/+$/, "");
  if (prefix === "") return { host: [hostname] };
  if (isPlainPath(prefix)) return { host: [hostname], path: [prefix, `${prefix}/*`] };
  // Only an expression matches each character literally.
  const place = comparedPath(path);
  if (place === "/") return { host: [hostname] };
  return { host: [hostname], path_regexp: { pattern: `(?i)^${literal(place)}(/|$)` } };
}

/** Returns a regular expression that matches a text only. */
function literal(text: string): string {
  return text.replace(/[!-.:-@[-`{-~]/g, "\\$&");
}

function tlsApp(
  tls: Mapping,
  routes: readonly PlannedRoute[],
  certificates: readonly CertificateFile[],
  { issuer }: ProxySettings,
): Json {
  const present = mapping(tls.certificates);
  const files = list(present.load_files).filter((one) => !list(mapping(one).tags).includes(MARK));
  const own = certificates.map(
    ({ certificate, key, version }): Json => ({ certificate, key, tags: [MARK, `${MARK}-${version}`] }),
  );
  const automation = mapping(tls.automation);
  const policies = list(automation.policies).filter((one) => !String(mapping(one)["@id"] ?? "").startsWith(MARK));
  const hosts = unique(routes.filter((one) => one.tls && one.problem === null).map(({ hostname }) => hostname));
  const ours: Json[] =
    hosts.length === 0 || issuer.type === "none"
      ? []
      : [{ "@id": `${MARK}-certificates`, subjects: hosts, issuers: [issuerOf(issuer)] }];
  return {
    ...tls,
    certificates: { ...present, load_files: [...files, ...own] },
    automation: { ...automation, policies: [...ours, ...policies] },
  };
}

function issuerOf(issuer: Exclude<CertificateIssuer, { type: "none" }>): Json {
  if (issuer.type === "internal") return { module: "internal" };
  const { directory: ca, email } = issuer;
  return { module: "acme", ...(ca === undefined ? {} : { ca }), ...(email === undefined ? {} : { email }) };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function mapping(value: Json | undefined): Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
