import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import { isMapping, type Mapping } from "../../operations/compose.js";
import { entriesOf, mappingOf } from "../host-access/findings.js";
import { readJson, writeJson } from "../private-file.js";
import type { ComposeInput } from "./compose-input.js";

/** Label with the digest of the texts of the configs that a container has. */
const LABEL = "overseer.files";

/**
 * Labels each service with a digest of the texts of its `configs`, so that a changed text replaces its containers: Compose compares labels, but not
 * these texts, which it copies into a container when it creates it. The texts may contain secrets, so that the digest has a key, which the
 * agent keeps in its data directory. `model`: the resolved document.
 */
export function withFileDigests(input: ComposeInput, model: Mapping, dataDir: string): ComposeInput {
  const digests = entriesOf(model.services).flatMap(([name, service]) => {
    const texts = textsOf(mappingOf(service).configs, mappingOf(model.configs));
    return texts.length === 0 ? [] : [{ name, texts }];
  });
  if (digests.length === 0) return input;
  const key = digestKey(dataDir);
  const document = JSON.parse(input.json) as { readonly services: Record<string, Record<string, unknown>> };
  for (const { name, texts } of digests) {
    const service = document.services[name];
    if (service !== undefined) service.labels = labelled(service.labels, hmacSha256(key, canonicalJson(texts)));
  }
  return { ...input, json: JSON.stringify(document) };
}

/** Returns the configs of a service that have a text, by name. */
function textsOf(configs: unknown, defined: Mapping): readonly (readonly [string, string])[] {
  const sources = (Array.isArray(configs) ? configs : []).map((one) => String(isMapping(one) ? one.source : one));
  return [...new Set(sources)].sort().flatMap((source) => {
    const { content } = mappingOf(defined[source]);
    return typeof content === "string" ? [[source, content] as const] : [];
  });
}

/** Adds the label to the labels of a service, which are a list or a mapping. */
function labelled(labels: unknown, digest: string): unknown {
  return Array.isArray(labels) ? [...labels, `${LABEL}=${digest}`] : { ...mappingOf(labels), [LABEL]: digest };
}

/** Returns the key of the digests; creates it at first. */
function digestKey(dataDir: string): string {
  const path = join(dataDir, "digest-key.json");
  const known = readJson<string>(path);
  if (typeof known === "string") return known;
  const key = randomBytes(32).toString("hex");
  writeJson(path, key);
  return key;
}
