import { isMapping, type Mapping } from "../../operations/compose.js";
import { entriesOf, mappingOf } from "../host-access/findings.js";
import { RunError } from "../runner.js";
import type { ExpectedService } from "./service-states.js";

/** Parses the output of `docker compose config --format json`, in which `$` is doubled. Throws if it is no JSON. */
export function readModel(stdout: string): Mapping {
  const value: unknown = JSON.parse(stdout, (_key, one: unknown) =>
    typeof one === "string" ? one.replaceAll("$$", "$") : one,
  );
  if (!isMapping(value)) throw new Error("docker compose config printed no mapping");
  return value;
}

/** Returns the services of a resolved document, with the number of their containers. Throws RunError if there is none. */
export function activeServices(model: Mapping): ExpectedService[] {
  const services = entriesOf(model.services);
  if (services.length === 0)
    throw new RunError(
      "no service is active: add a profile of the services that are to run to spec.profiles of the App",
    );
  return services.map(([name, service]) => ({ name, containers: replicas(mappingOf(service)) }));
}

function replicas({ scale, deploy }: Mapping): number {
  const { replicas: count } = mappingOf(deploy);
  const value = scale ?? count ?? 1;
  return typeof value === "number" ? value : 1;
}

/** An image that a service runs, and when to pull it. */
export interface ServiceImage {
  readonly service: string;
  readonly image: string;
  /** Platform such as `linux/arm64`; empty for that of the node. */
  readonly platform: string;
  readonly pull: "always" | "missing" | "never";
}

/** Returns the images of a resolved document; an empty name for a service without one. */
export function serviceImages(model: Mapping): ServiceImage[] {
  return entriesOf(model.services).map(([service, value]) => {
    const { image, platform, pull_policy: policy } = mappingOf(value);
    const texts = { image: textOf(image), platform: textOf(platform) };
    return { service, ...texts, pull: pullOf(String(policy ?? "missing")) };
  });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function pullOf(policy: string): ServiceImage["pull"] {
  if (policy === "never") return "never";
  return policy === "missing" || policy === "if_not_present" ? "missing" : "always";
}
