import type { CoreNodeRoute } from "../../../api/core/route.js";
import type { UpstreamContainer } from "./upstreams.js";

/** What a proxy does with a route. A refused route responds with 503, so that no broader route serves its path. */
export type PlannedRoute = CoreNodeRoute & {
  /** Addresses to send requests to, as host:port. Empty if the route responds with 503. */
  readonly upstreams: readonly string[];
  /** Why the route is not published; null if it is. */
  readonly problem: string | null;
};

/** Returns whether a certificate can be had for a host name, or why not. */
export type CertificateCheck = (hostname: string) => string | undefined;

/** Decides what to do with each route. The most specific routes come first. */
export function planRoutes(
  routes: readonly CoreNodeRoute[],
  containersOf: (app: string, service: string) => readonly UpstreamContainer[],
  check: CertificateCheck,
): PlannedRoute[] {
  return [...routes].sort(bySpecificity).map((route) => {
    const own = containersOf(route.app, route.service);
    const ready = own.filter((one) => one.ready);
    const chosen = ready.length > 0 ? ready : own;
    const problem = refusal(route, check) ?? (chosen.length === 0 ? noContainer(route) : null);
    const upstreams = problem === null ? chosen.map(({ address }) => hostPort(address, route.port)).sort() : [];
    return { ...route, upstreams, problem };
  });
}

function refusal({ path, hostname, tls, signIn }: CoreNodeRoute, check: CertificateCheck): string | undefined {
  if (/[*{}]/.test(path)) return "its path contains * { or }, which the proxy cannot match literally: use another path";
  if (signIn !== null && signIn.forwardAuth === null && signIn.type !== "simulated") {
    return `its sign-in provider ${signIn.name} has no forwardAuth, the address of the sign-in service: delete the provider in the Core, and create it with forwardAuth`;
  }
  return tls ? check(hostname) : undefined;
}

function noContainer({ app, service }: CoreNodeRoute): string {
  return `the service ${service} of ${app} has no running container with an address`;
}

function hostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function bySpecificity(a: CoreNodeRoute, b: CoreNodeRoute): number {
  const wildcard = Number(a.hostname.startsWith("*.")) - Number(b.hostname.startsWith("*."));
  if (wildcard !== 0) return wildcard;
  if (a.hostname.length !== b.hostname.length) return b.hostname.length - a.hostname.length;
  if (a.hostname !== b.hostname) return a.hostname < b.hostname ? -1 : 1;
  return b.path.length - a.path.length || (a.path < b.path ? -1 : 1);
}
