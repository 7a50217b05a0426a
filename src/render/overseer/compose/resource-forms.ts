import { isRecord } from "../../../manifest/shape.js";
import type { Reporter } from "../reporter.js";
import {
  boolean,
  checkFields,
  either,
  type Fields,
  fields,
  integer,
  labels,
  list,
  mapOf,
  options,
  text,
} from "./forms.js";
import { type Mapping, mappingAt } from "./shape.js";

/** `true`, or the deprecated mapping with a name. */
const external = either({ scalar: boolean, mapping: fields({ name: text }), expected: "true or false" });

const COMMON: Fields = { name: text, external, labels };

/** Forms of top-level networks, volumes, secrets and configs. */
export const RESOURCE_FIELDS: Readonly<Record<string, Fields>> = {
  networks: {
    ...COMMON,
    driver: text,
    driver_opts: options,
    ipam: fields({
      driver: text,
      config: list(fields({ subnet: text, ip_range: text, gateway: text, aux_addresses: mapOf(text) })),
      options: mapOf(text),
    }),
    internal: boolean,
    attachable: boolean,
    enable_ipv4: boolean,
    enable_ipv6: boolean,
  },
  volumes: { ...COMMON, driver: text, driver_opts: options },
  secrets: { ...COMMON, environment: text, file: text, driver: text, driver_opts: options, template_driver: text },
  configs: { ...COMMON, content: text, environment: text, file: text, template_driver: text },
};

const models = mapOf(
  fields({ name: text, model: text, context_size: integer(), runtime_flags: list(text) }, ["model"]),
);

/** Validates top-level networks, volumes, secrets, configs and models. */
export function checkResources(compose: Mapping, report: Reporter): void {
  if (compose.models !== undefined) models(compose.models, report.at("models"));
  for (const [kind, known] of Object.entries(RESOURCE_FIELDS)) {
    for (const [name, one] of Object.entries(mappingAt(compose, kind, report) ?? {})) {
      const at = report.at(kind, name);
      const mayBeEmpty = kind === "networks" || kind === "volumes";
      if (!isRecord(one)) {
        if (one !== null || !mayBeEmpty) mappingAt({ [name]: one }, name, report.at(kind));
        continue;
      }
      checkFields(one, known, at);
      if (kind === "volumes") checkExternalVolume(one, at);
    }
  }
}

/** An external volume already exists, so that Compose rejects options that would create it. */
function checkExternalVolume(volume: Mapping, report: Reporter): void {
  if (volume.external === undefined || volume.external === false || volume.external === "false") return;
  for (const key of ["driver", "driver_opts", "labels"]) {
    if (volume[key] !== undefined) report.at(key).problem("has no effect on an external volume; remove one of the two");
  }
}
