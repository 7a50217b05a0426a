import type { CoreNodeRoute } from "../../../api/core/route.js";
import { comparedPath, isPlainPath } from "../../../api/core/url-path.js";
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
    const refused = route.closed ?? pathRefusal(route, routes) ?? refusal(route, check);
    const problem = refused ?? (chosen.length === 0 ? noContainer(route) : null);
    const upstreams = problem === null ? chosen.map(({ address }) => hostPort(address, route.port)).sort() : [];
    return { ...route, upstreams, problem };
  });
}

/** Refuses what an earlier version stored: a path that is no literal one, or the place of another route. */
function pathRefusal(route: CoreNodeRoute, routes: readonly CoreNodeRoute[]): string | undefined {
  const { hostname, path } = route;
  const same = routes.filter((one) => one.hostname === hostname && comparedPath(one.path) === comparedPath(path));
  const plain = same.filter((one) => isPlainPath(one.path));
  const [first] = plain;
  // A public route does not win against one with sign-in.
  const wins = plain.length === 1 && (first?.signIn != null || same.every(({ signIn }) => signIn === null));
  if (wins && first === route) return undefined;
  const other = same.find((one) => one !== route);
  if (other !== undefined)
    return `its path ${path} means the same to a proxy as ${other.path} of route ${other.id}: delete one of them`;
  if (isPlainPath(path)) return undefined;
  return `its path ${path} is not matched literally by a proxy: use a path without a slash at its end, //, . or .. as a segment, or one of * { } [ ] \\ %`;
}

function refusal({ hostname, tls, signIn }: CoreNodeRoute, check: CertificateCheck): string | undefined {
  if (signIn !== null && signIn.forwardAuth === null && signIn.type !== "simulated") {
    return `its sign-in provider ${signIn.name} has no forwardAuth, the address of the sign-in service: delete the provider in the Core, and create it with forwardAuth`;
  }
  const unfit = signIn?.forwardAuth?.paths.find((path) => path !== "/" && !isPlainPath(path.replace(/\/$/, "")));
  if (unfit !== undefined) {
    return `the path ${unfit} of its sign-in provider ${signIn?.name} is not matched literally by a proxy: delete the provider in the Core, and create it with another path`;
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
  const [first, second] = [comparedPath(a.path), comparedPath(b.path)];
  if (first !== second) return second.length - first.length || (first < second ? -1 : 1);
  const plain = Number(isPlainPath(b.path)) - Number(isPlainPath(a.path));
  return plain !== 0 ? plain : a.path < b.path ? -1 : 1;
}
