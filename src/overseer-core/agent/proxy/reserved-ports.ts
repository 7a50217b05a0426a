import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { CoreNodeRoute } from "../../../api/core/route.js";
import type { ReservedPort } from "../host-access/judge-ports.js";
import type { ProxySettings } from "./caddy-config.js";

/**
 * Returns the ports of this node that its routes depend on: those of the proxy, and those of sign-in services on the node. A sign-in service
 * whose name cannot be resolved may be on the node.
 */
export async function reservedPorts(
  { httpPort, httpsPort }: Pick<ProxySettings, "httpPort" | "httpsPort">,
  admin: string,
  routes: readonly Pick<CoreNodeRoute, "signIn">[],
): Promise<ReservedPort[]> {
  const proxy = [httpPort, httpsPort].map((port) => ({ port, what: "the proxy of the node" }));
  const services = new Set(routes.flatMap(({ signIn }) => signIn?.forwardAuth?.url ?? []));
  const found = await Promise.all([
    portOf(admin, "the administration of the proxy"),
    ...[...services].map((url) => portOf(url, `the sign-in service ${new URL(url).host}`)),
  ]);
  return [...proxy, ...found.flat()];
}

/** Port of a URL that leads to this node; none for other machines and Unix sockets. */
async function portOf(text: string, what: string): Promise<ReservedPort[]> {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || !(await isOwn(url.hostname.replace(/^\[(.*)\]$/, "$1")))) return [];
  return [{ port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port), what }];
}

async function isOwn(host: string): Promise<boolean> {
  const name = host.replace(/\.$/, "");
  if (/(?:^|\.)localhost$/.test(name) || name === hostname().toLowerCase()) return true;
  if (isIP(name) !== 0) return ownAddresses().check(name, isIP(name) === 4 ? "ipv4" : "ipv6");
  const found = await lookup(name, { all: true }).catch(() => undefined);
  if (found === undefined) return true;
  const own = ownAddresses();
  return found.some(({ address, family }) => own.check(address, family === 4 ? "ipv4" : "ipv6"));
}

/** Addresses of this machine. An IPv4 address also matches its form in IPv6 (`::ffff:127.0.0.1`). */
function ownAddresses(): BlockList {
  const own = new BlockList();
  own.addSubnet("127.0.0.0", 8, "ipv4");
  own.addAddress("0.0.0.0", "ipv4");
  own.addSubnet("::", 127, "ipv6");
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []))
    own.addAddress(address.replace(/%.*$/, ""), family === "IPv4" ? "ipv4" : "ipv6");
  return own;
}
