import { GROUP } from "../api/group.js";
import { credentialIn, tokenIn } from "../manifest/credential.js";
import type { Document, KubeObject } from "../manifest/document.js";
import { showKey } from "../manifest/field-path.js";
import { displayId } from "../manifest/object-id.js";
import { podSpecPath } from "../manifest/pod-spec.js";
import { isPasswordName } from "../manifest/secret-name.js";
import { isRecord } from "../manifest/shape.js";
import type { Note } from "./request.js";

/** On an object in Git, `allowed` accepts that its values are readable there. */
export const ANNOTATION_PLAINTEXT = `${GROUP}/plaintext-secret`;

/** Maximum number of keys in one note. */
const SHOWN = 3;

/** What was found in the content of an object: content of an unchanged file is the same object in each render. */
const known = new WeakMap<object, readonly string[]>();

/**
 * Returns a note for each object with values that are readable in Git and look like credentials: Secrets, ConfigMaps, and variables of
 * containers. Values are never in it. `random`: templates that make random values. `noted`: files with such notes already.
 */
export function plaintextSecrets(
  documents: readonly Document[],
  random: readonly string[] = [],
  noted: ReadonlySet<string> = new Set(),
): Note[] {
  return documents.flatMap((document) => {
    const { object, confidential, id, origin } = document;
    if (confidential || random.includes(origin.file)) return [];
    if (isAccepted(object.metadata.annotations)) return [];
    const isSecret = id.group === "" && id.kind === "Secret";
    if (!isSecret && noted.has(origin.file)) return [];
    const found = foundIn(object, isSecret);
    if (found.length === 0) return [];
    const shown =
      found.length > SHOWN ? `${found.slice(0, SHOWN).join(", ")} and ${found.length - SHOWN} more` : found.join(", ");
    const remedy = isSecret
      ? "encrypt the file with SOPS (source.decryption), change the value"
      : "move the value to a Secret that is not readable in Git";
    const message = `is readable in Git: ${shown}; ${remedy}, or set the annotation ${ANNOTATION_PLAINTEXT}: allowed if it is no secret`;
    return [{ message, origin, object: displayId(id), readable: true }];
  });
}

/** Reports whether an object accepts by its annotation that its values are readable. */
export function isAccepted(annotations: Readonly<Record<string, string>> | undefined): boolean {
  return annotations?.[ANNOTATION_PLAINTEXT] === "allowed";
}

/** Returns the keys that look like credentials, each with the reason. */
function foundIn(object: KubeObject, isSecret: boolean): readonly string[] {
  const [group = "", version] = object.apiVersion.includes("/")
    ? object.apiVersion.split("/")
    : ["", object.apiVersion];
  const path = podSpecPath(group, object.kind);
  const isConfigMap = group === "" && version === "v1" && object.kind === "ConfigMap";
  if (!isSecret && !isConfigMap && path === undefined) return [];
  const content =
    path === undefined ? object.data : path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), object);
  if (!isRecord(content)) return [];
  const before = known.get(content);
  if (before !== undefined) return before;
  const found = path !== undefined ? inContainers(content) : isSecret ? inSecret(content) : inConfigMap(content);
  known.set(content, found);
  return found;
}

function inSecret(data: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(data).flatMap(([key, value]) =>
    typeof value === "string" ? describe(key, credentialIn(Buffer.from(value, "base64").toString("utf8"))) : [],
  );
}

function inConfigMap(data: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(data).flatMap(([key, value]) => describe(key, openCredential(key, value)));
}

function inContainers(podSpec: Readonly<Record<string, unknown>>): string[] {
  return ["initContainers", "containers"].flatMap((field) => {
    const containers = podSpec[field];
    return (Array.isArray(containers) ? containers : []).flatMap((container: unknown) => {
      const env = isRecord(container) ? container.env : undefined;
      return (Array.isArray(env) ? env : []).flatMap((variable: unknown) =>
        isRecord(variable) && typeof variable.name === "string"
          ? describe(variable.name, openCredential(variable.name, variable.value))
          : [],
      );
    });
  });
}

/** A value in a place that is not for secrets has to look like one, or to be named like one and look random. */
function openCredential(key: string, value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return isPasswordName(key) ? credentialIn(value) : tokenIn(value);
}

function describe(key: string, what: string | undefined): string[] {
  return what === undefined ? [] : [`${showKey(key)} (${what})`];
}
