import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { PORT_KEYS } from "./keys.js";
import { checkKeys, listAt, type Mapping } from "./shape.js";

const SHORT =
  /^(?:(?<address>\[[0-9A-Fa-f:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3})?:)?(?:(?<published>[0-9]+(?:-[0-9]+)?)?:)?(?<target>[0-9]+(?:-[0-9]+)?)(?:\/(?<protocol>[A-Za-z]+))?$/;
const EXPECTED = 'expected a port like "8080:80", "127.0.0.1:8080:80" or "53:53/udp"';
const PROTOCOLS = ["tcp", "udp", "sctp"];

/**
 * Checks `ports` and `expose` of a service. The TCP ports that its containers listen on, in the order of `ports`, then of
 * `expose`; of a range the first one.
 */
export function checkPorts(service: Mapping, report: Reporter): number[] {
  const found: number[] = [];
  listAt(service, "ports", report).forEach((item, index) => {
    const at = report.at("ports", index);
    const port = isRecord(item) ? longPort(item, at) : shortPort(item, at);
    if (port !== undefined) found.push(port);
  });
  listAt(service, "expose", report).forEach((item, index) => {
    const [, first, , protocol = "tcp"] = /^([0-9]+)(-[0-9]+)?(?:\/([a-z]+))?$/.exec(String(item)) ?? [];
    if (first === undefined) report.at("expose", index).problem('expected a port like "3000"');
    else if (protocol === "tcp") found.push(Number(first));
  });
  return found.filter((port) => isPort(port));
}

/** The TCP port of the container; undefined when it is none, or, after a problem, when it is no port at all. */
function shortPort(item: unknown, report: Reporter): number | undefined {
  if (typeof item !== "string" && typeof item !== "number") {
    report.problem(`${EXPECTED}, found ${nameOfValue(item)}`);
    return undefined;
  }
  const { published, target, protocol = "tcp" } = SHORT.exec(String(item))?.groups ?? {};
  const [from, to] = [rangeOf(published), rangeOf(target)];
  if (target === undefined || to === undefined || (published !== undefined && from === undefined)) {
    report.problem(EXPECTED);
    return undefined;
  }
  if (!PROTOCOLS.includes(protocol.toLowerCase())) {
    report.problem(`expected one of the protocols ${PROTOCOLS.join(", ")}`);
    return undefined;
  }
  if (from !== undefined && to.length > 1 && from.length !== to.length) {
    report.problem("the two ranges have to be of the same length");
    return undefined;
  }
  return protocol.toLowerCase() === "tcp" ? to.first : undefined;
}

function longPort(item: Mapping, report: Reporter): number | undefined {
  checkKeys(item, PORT_KEYS, report);
  const { target, published, protocol = "tcp" } = item;
  const range = rangeOf(typeof target === "number" || typeof target === "string" ? String(target) : undefined);
  if (range === undefined || range.length > 1) {
    report.at("target").problem(target === undefined ? "is missing: port of the container" : "expected one port");
    return undefined;
  }
  if (published !== undefined && published !== "" && rangeOf(String(published)) === undefined) {
    report.at("published").problem('expected a port like "8080"');
  }
  return protocol === "tcp" ? range.first : undefined;
}

function rangeOf(text: string | undefined): { readonly first: number; readonly length: number } | undefined {
  const [, first, last = first] = /^([0-9]+)(?:-([0-9]+))?$/.exec(text ?? "") ?? [];
  const [low, high] = [Number(first), Number(last)];
  return first === undefined || !isPort(low) || !isPort(high) || high < low
    ? undefined
    : { first: low, length: high - low + 1 };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
