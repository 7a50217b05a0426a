import { isRecord } from "../../manifest/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import type { ServiceModel } from "./model.js";
import { numberOf, textOf } from "./values.js";

/** A port of a container. */
export interface ContainerPort {
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** Port of the host that Compose publishes, if it is one. */
  readonly published: number | undefined;
  readonly name: string | undefined;
  readonly appProtocol: string | undefined;
  /** Whether it is in `ports`, and not only in `expose`. */
  readonly isPublic: boolean;
}

/** Maximum number of ports in a range. */
const MAX_RANGE = 250;

/** Returns the ports of a service, without duplicates, those of `ports` first. */
export function portsOf({ service, report }: ServiceModel): ContainerPort[] {
  const list = (key: string): readonly unknown[] => {
    const value = service[key];
    return Array.isArray(value) ? value : [];
  };
  const all = [
    ...list("ports").flatMap((item, index) => portItem(item, report.at("ports", index), true)),
    ...list("expose").flatMap((item, index) => portItem(item, report.at("expose", index), false)),
  ];
  const seen = new Set<string>();
  return all.filter(({ port, protocol }) => {
    const key = `${port}/${protocol}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function portItem(item: unknown, report: Reporter, isPublic: boolean): ContainerPort[] {
  const long = isRecord(item) ? item : undefined;
  const text = long === undefined ? (textOf(item) ?? "") : "";
  const [, head = "", suffix] = /^(.*?)(?:\/([A-Za-z]+))?$/s.exec(text) ?? [];
  const parts = head.split(":");
  const target = long === undefined ? (parts.at(-1) ?? "") : (textOf(long.target) ?? "");
  const published = long === undefined ? parts.at(-2) : textOf(long.published);
  const protocol = protocolOf(long === undefined ? suffix : textOf(long.protocol));
  const range = rangeOf(target);
  if (range.length > MAX_RANGE) {
    report.problem(`has ${range.length} ports; a range may have at most ${MAX_RANGE}`);
    return [];
  }
  const host = rangeOf(published ?? "");
  return range.map((port, index) => ({
    port,
    protocol,
    published: host.length === range.length ? host[index] : undefined,
    name: textOf(long?.name),
    appProtocol: textOf(long?.app_protocol),
    isPublic,
  }));
}

function protocolOf(text: string | undefined): ContainerPort["protocol"] {
  const name = text?.toUpperCase();
  return name === "UDP" || name === "SCTP" ? name : "TCP";
}

function rangeOf(text: string): number[] {
  const [, first, last = first] = /^([0-9]+)(?:-([0-9]+))?$/.exec(text) ?? [];
  const [from, to] = [numberOf(first), numberOf(last)];
  if (from === undefined || to === undefined || to < from || from === 0) return [];
  return Array.from({ length: Math.min(to - from + 1, 65_536) }, (_, index) => from + index);
}
