import type { CoreForwardAuth } from "../../../api/core/route.js";
import type { Json } from "../../../base/hash.js";
import type { PlannedRoute } from "./plan-routes.js";

/**
 * Characters of header names besides letters, digits and the hyphen. Apps read them like a hyphen (CGI, WSGI, PHP and others), so that
 * `Remote_User` would be `Remote-User`.
 */
const LIKE_A_HYPHEN = [..."!#$%&'*+.^_`|~"];

/** Removes the headers that say who the visitor is, in every spelling that an app may read: a visitor must not claim to be someone. */
export function removeClaims(headers: readonly string[]): Json {
  const lookalikes = LIKE_A_HYPHEN.map((character) => `*${character}*`);
  return { handler: "headers", request: { delete: [...headers, ...lookalikes] } };
}

/** Returns the headers that say to an app who the visitor is, by app. */
export function identityHeaders(routes: readonly PlannedRoute[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const { app, signIn } of routes) {
    const headers = found.get(app) ?? new Set();
    for (const name of signIn?.forwardAuth?.headers ?? []) headers.add(name);
    if (headers.size > 0) found.set(app, headers);
  }
  return new Map([...found].map(([app, headers]) => [app, [...headers].sort()]));
}

/** Matches a request whose header Connection names one of the headers: they would be removed on the way to the app. */
export function removesIdentity({ headers }: CoreForwardAuth): { readonly [matcher: string]: Json } {
  const pattern = `(?i)(^|[\\s,])(${headers.join("|")})([\\s,]|$)`;
  return { header_regexp: { Connection: { pattern } } };
}

/** Asks the sign-in service. Anything but 2xx is its response to the visitor; without a response, Caddy responds with 502. */
export function forwardAuthHandlers({ url, headers }: CoreForwardAuth): Json[] {
  const { host, pathname, search } = new URL(url);
  const request = {
    "X-Forwarded-Method": ["{http.request.method}"],
    "X-Forwarded-Uri": ["{http.request.uri}"],
    "X-Forwarded-Host": ["{http.request.host}"],
  };
  return [
    removeClaims(headers),
    {
      handler: "reverse_proxy",
      upstreams: [{ dial: withPort(host) }],
      rewrite: { method: "GET", uri: `${pathname}${search}` },
      headers: { request: { set: request } },
      handle_response: [{ match: { status_code: [2] }, routes: passHeaders(headers) }],
    },
  ];
}

/** Leads to the sign-in service itself. */
export function signInServiceHandlers({ url, headers }: CoreForwardAuth): Json[] {
  const { host } = new URL(url);
  return [removeClaims(headers), { handler: "reverse_proxy", upstreams: [{ dial: withPort(host) }] }];
}

/** Passes headers of the response of the sign-in service to the app. */
function passHeaders(headers: readonly string[]): Json[] {
  const set = Object.fromEntries(headers.map((name) => [name, [`{http.reverse_proxy.header.${name}}`]]));
  // If the response does not have a header, Caddy sets the name of the placeholder.
  const unknown = headers.map((name): Json => {
    const match = { header_regexp: { [name]: { pattern: "^\\{http\\.reverse_proxy\\.header\\." } } };
    return { match: [match], handle: [{ handler: "headers", request: { delete: [name] } }] };
  });
  return [{ handle: [{ handler: "headers", request: { set } }] }, ...unknown];
}

function withPort(host: string): string {
  return /:[0-9]+$/.test(host) ? host : `${host}:80`;
}
