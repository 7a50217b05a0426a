import type { Mapping } from "../../operations/compose.js";
import { entriesOf, isSet, itemsOf, type JudgeContext, mappingOf, refuse } from "./findings.js";

/** Addresses that only programs of the node itself reach. */
const LOOPBACK = /^(127\.|::1$|\[::1\]$)/;
/** Networks of a service that it shares with no other app. */
const OWN_NETWORKS = /^(none|service:.+)$/;

/**
 * Refuses what other apps could reach in an app that a Policy isolates. Networks of different projects do not reach each other: that is
 * up to the engine.
 */
export function judgeIsolation(context: JudgeContext, model: Mapping): void {
  const deny = (key: string, remedy: string): void =>
    refuse(context, key, `a Policy isolates the app (network.isolated): ${remedy}`);
  for (const [name, value] of entriesOf(model.services)) {
    const service = mappingOf(value);
    const key = `services.${name}`;
    const mode = service.network_mode;
    if (isSet(mode) && !OWN_NETWORKS.test(String(mode))) deny(`${key}.network_mode`, "use a network of the app");
    if (isSet(service.external_links)) deny(`${key}.external_links`, "remove them");
    for (const [index, item] of itemsOf(service.ports).entries()) {
      const { host_ip: address } = mappingOf(item);
      if (typeof address !== "string" || !LOOPBACK.test(address))
        deny(`${key}.ports[${index}]`, "publish it on 127.0.0.1, or use a route instead");
    }
  }
  for (const [name, value] of entriesOf(model.networks)) {
    const network = mappingOf(value);
    const isOwn = network.name === undefined || String(network.name).startsWith(`${context.project}_`);
    if (isSet(network.external) || !isOwn) deny(`networks.${name}`, "use a network of the app");
    else if (isSet(network.driver) && network.driver !== "bridge" && network.driver !== "default")
      deny(`networks.${name}.driver`, "use a network of type bridge");
    else if (isSet(network.driver_opts))
      deny(`networks.${name}.driver_opts`, "remove them: they may open ports that are not published");
  }
}
