import type { Mapping } from "../../operations/compose.js";
import { entriesOf, itemsOf, type JudgeContext, mappingOf, need } from "./findings.js";

/** A TCP port of the node that routes depend on. */
export interface ReservedPort {
  readonly port: number;
  /** What listens on it. */
  readonly what: string;
}

/** Ports of the node that matter for a document. */
export interface NodePorts {
  readonly reserved: readonly ReservedPort[];
  /** Ports that containers of the app publish now: they may keep them. */
  readonly published: readonly number[];
}

/**
 * Requires a permission for ports that routes depend on. While the sign-in service does not run, an app that publishes its port would
 * admit all visitors to all routes with sign-in.
 */
export function judgePorts(context: JudgeContext, model: Mapping, { reserved, published }: NodePorts): void {
  const taken = reserved.filter(({ port }) => !published.includes(port));
  for (const [name, service] of entriesOf(model.services)) {
    for (const [index, item] of itemsOf(mappingOf(service).ports).entries()) {
      const { published: text, protocol } = mappingOf(item);
      const [, first, last = first] = /^([0-9]+)(?:-([0-9]+))?$/.exec(String(text ?? "")) ?? [];
      if (first === undefined || (protocol !== undefined && protocol !== "tcp")) continue;
      const found = taken.find(({ port }) => Number(first) <= port && port <= Number(last));
      if (found !== undefined)
        need(context, `services.${name}.ports[${index}] (port ${found.port} of ${found.what})`, "ports.reserved");
    }
  }
}

/** Returns the TCP ports that the settings of containers publish. */
export function publishedPorts(hostConfigs: readonly Mapping[]): number[] {
  const bindings = hostConfigs.flatMap(({ PortBindings }) => entriesOf(PortBindings));
  return bindings
    .filter(([port]) => port.endsWith("/tcp"))
    .flatMap(([, places]) => itemsOf(places).map((place) => Number(mappingOf(place).HostPort)));
}
