import { hostname, networkInterfaces } from "node:os";
import type { CoreNodeRoute } from "../../../api/core/route.js";
import type { ReservedPort } from "../host-access/judge-ports.js";
import type { ProxySettings } from "./caddy-config.js";

/** Returns the ports of this node that its routes depend on: those of the proxy, and those of sign-in services on the node. */
export function reservedPorts(
  { httpPort, httpsPort }: Pick<ProxySettings, "httpPort" | "httpsPort">,
  admin: string,
  routes: readonly Pick<CoreNodeRoute, "signIn">[],
): ReservedPort[] {
  const proxy = [httpPort, httpsPort].map((port) => ({ port, what: "the proxy of the node" }));
  const services = routes.flatMap(({ signIn }) => signIn?.forwardAuth?.url ?? []);
  return [
    ...proxy,
    ...portOf(admin, "the administration of the proxy"),
    ...[...new Set(services)].flatMap((url) => portOf(url, `the sign-in service ${new URL(url).host}`)),
  ];
}

/** Port of a URL that leads to this node; none for other machines and Unix sockets. */
function portOf(text: string, what: string): ReservedPort[] {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || !isOwn(url.hostname.replace(/^\[(.*)\]$/, "$1"))) return [];
  return [{ port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port), what }];
}

function isOwn(host: string): boolean {
  if (/^(localhost|127\.[0-9.]+|::1)$/.test(host) || host === hostname()) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === host));
}
