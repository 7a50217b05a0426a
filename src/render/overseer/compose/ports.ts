import { isIP } from "node:net";
import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { checkFields } from "./forms.js";
import { PORT_FIELDS } from "./service-forms.js";
import { listAt, type Mapping } from "./shape.js";

const EXPECTED = 'expected a port like "8080:80", "127.0.0.1:8080:80" or "53:53/udp"';
const PROTOCOLS = ["tcp", "udp", "sctp"];

/** A host port or port range that a service publishes. */
export interface PublishedPort {
  /** Host address. Empty for all addresses. */
  readonly address: string;
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
  /** Index in `ports`. */
  readonly index: number;
}

/** Ports of a service, from `ports` and `expose`. */
export interface ServicePorts {
  /** TCP ports of its containers, from `ports`, then `expose`. Only the first port of a range. */
  readonly container: readonly number[];
  readonly published: readonly PublishedPort[];
}

/** An item of `ports`. */
interface Port {
  /** TCP port of the container. Undefined for other protocols. */
  readonly container: number | undefined;
  readonly published: Omit<PublishedPort, "index"> | undefined;
}

/** Validates `ports` and `expose` of a service. */
export function checkPorts(service: Mapping, report: Reporter): ServicePorts {
  const container: number[] = [];
  const published: PublishedPort[] = [];
  listAt(service, "ports", report).forEach((item, index) => {
    const at = report.at("ports", index);
    const port = isRecord(item) ? longPort(item, at) : shortPort(item, at);
    if (port?.container !== undefined) container.push(port.container);
    if (port?.published !== undefined) published.push({ ...port.published, index });
  });
  listAt(service, "expose", report).forEach((item, index) => {
    const [, first, , protocol = "tcp"] = /^([0-9]+)(-[0-9]+)?(?:\/([a-z]+))?$/.exec(String(item)) ?? [];
    if (first === undefined) report.at("expose", index).problem('expected a port like "3000"');
    else if (protocol === "tcp") container.push(Number(first));
  });
  return { container: container.filter((port) => isPort(port)), published };
}

/** Parses a port in short syntax. Undefined after a problem. */
function shortPort(item: unknown, report: Reporter): Port | undefined {
  if (typeof item !== "string" && typeof item !== "number") {
    report.problem(`${EXPECTED}, found ${nameOfValue(item)}`);
    return undefined;
  }
  const { address, published, target, protocol } = splitPort(String(item));
  const [from, to] = [rangeOf(published), rangeOf(target)];
  const isRandom = published === undefined || published === "" || published === "0";
  if (to === undefined || !isAddress(address ?? "") || (!isRandom && from === undefined)) {
    report.problem(EXPECTED);
    return undefined;
  }
  if (!PROTOCOLS.includes(protocol)) {
    report.problem(`expected one of the protocols ${PROTOCOLS.join(", ")}`);
    return undefined;
  }
  if (from !== undefined && to.length > 1 && from.length !== to.length) {
    report.problem("the two ranges have to be of the same length");
    return undefined;
  }
  return {
    container: protocol === "tcp" ? to.first : undefined,
    published: publishedAs(address ?? "", protocol, from, to.length),
  };
}

/** Splits `[address:][published:]target[/protocol]` from the right, because an address can contain colons. */
function splitPort(text: string): {
  readonly address: string | undefined;
  readonly published: string | undefined;
  readonly target: string;
  readonly protocol: string;
} {
  const [, ports = "", protocol = "tcp"] = /^(.*?)(?:\/([A-Za-z]+))?$/s.exec(text) ?? [];
  const parts = ports.split(":");
  const target = parts.pop() ?? "";
  const published = parts.pop();
  const written = parts.length === 0 ? undefined : parts.join(":");
  const address = written?.startsWith("[") && written.endsWith("]") ? written.slice(1, -1) : written;
  return { address, published, target, protocol: protocol.toLowerCase() };
}

/** A host range for one container port, like `8000-9000:80`, uses the first free port, which is not known in advance. */
function publishedAs(address: string, protocol: string, from: Range | undefined, targets: number): Port["published"] {
  if (from === undefined || from.length !== targets) return undefined;
  return { address, protocol, first: from.first, last: from.first + from.length - 1 };
}

function longPort(item: Mapping, report: Reporter): Port | undefined {
  checkFields(item, PORT_FIELDS, report);
  const { target, published, protocol = "tcp", host_ip: address = "" } = item;
  const range = rangeOf(typeof target === "number" || typeof target === "string" ? String(target) : undefined);
  if (range === undefined || range.length > 1) {
    report.at("target").problem(target === undefined ? "is missing: port of the container" : "expected one port");
    return undefined;
  }
  if (typeof protocol !== "string" || !PROTOCOLS.includes(protocol.toLowerCase())) {
    report.at("protocol").problem(`expected one of the protocols ${PROTOCOLS.join(", ")}`);
    return undefined;
  }
  if (typeof address !== "string" || !isAddress(address) || item.host_ip === "") {
    report.at("host_ip").problem("expected an IP address of the node");
    return undefined;
  }
  const isRandom = published === undefined || published === "" || published === 0 || published === "0";
  const from = typeof published === "string" || typeof published === "number" ? rangeOf(String(published)) : undefined;
  if (!isRandom && from === undefined) {
    report.at("published").problem('expected a port like "8080"');
  }
  return {
    container: protocol === "tcp" ? range.first : undefined,
    published: publishedAs(address, protocol.toLowerCase(), from, 1),
  };
}

/** Accepts an empty address (all addresses) but no zone (`%eth0`), which Compose does not accept. */
function isAddress(address: string): boolean {
  return address === "" || (isIP(address) !== 0 && !address.includes("%"));
}

/**
 * Adds brackets to the IPv6 address of an item of `ports`. The specification omits them, but some versions of Compose require
 * them.
 */
export function normalizePort(item: unknown): unknown {
  if (typeof item !== "string") return item;
  const { address } = splitPort(item);
  if (address === undefined || isIP(address) !== 6 || item.startsWith("[")) return item;
  return `[${address}]${item.slice(address.length)}`;
}

interface Range {
  readonly first: number;
  readonly length: number;
}

function rangeOf(text: string | undefined): Range | undefined {
  const [, first, last = first] = /^([0-9]+)(?:-([0-9]+))?$/.exec(text ?? "") ?? [];
  const [low, high] = [Number(first), Number(last)];
  return first === undefined || !isPort(low) || !isPort(high) || high < low
    ? undefined
    : { first: low, length: high - low + 1 };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
