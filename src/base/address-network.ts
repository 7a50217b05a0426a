import { isIPv6 } from "node:net";

/** Returns the /64 of an IPv6 address, which is given to one site as a whole; any other address as it is. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, "");
  if (!isIPv6(plain)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string | undefined): string[] => (part === undefined || part === "" ? [] : part.split(":"));
  const [first, last] = [groups(head), groups(tail)];
  // An IPv4 address at the end is two groups.
  const missing = tail === undefined ? 0 : 8 - first.length - last.length - (plain.includes(".") ? 1 : 0);
  const all = [...first, ...Array.from({ length: missing }, () => "0"), ...last];
  const prefix = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(":")}::/64`;
}
