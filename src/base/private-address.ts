import { BlockList, isIP } from "node:net";

/** Networks that are not on the public internet, by the registries of special-purpose addresses of IANA. */
const NETWORKS: readonly (readonly [address: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Of IPv6 only global unicast is public, without what embeds an IPv4 address (Teredo, 6to4) and documentation. */
const EMBEDDING: readonly (readonly [address: string, prefix: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const notPublic = new BlockList();
for (const [address, prefix] of NETWORKS) notPublic.addSubnet(address, prefix, "ipv4");
for (const [address, prefix] of EMBEDDING) notPublic.addSubnet(address, prefix, "ipv6");
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

/** Returns whether an IP address is on the public internet: not loopback, link-local, private, shared or reserved. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const version = isIP(plain);
  if (version === 4) return !notPublic.check(plain, "ipv4");
  return version === 6 && globalUnicast.check(plain, "ipv6") && !notPublic.check(plain, "ipv6");
}
