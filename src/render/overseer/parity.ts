import { CORE_OBJECT_GROUP } from "../../api/core/objects.js";
import type { KubeObject, Origin } from "../../manifest/document.js";
import { type FieldPath, showPath } from "../../manifest/field-path.js";
import { parseApiVersion } from "../../manifest/object-id.js";
import { isRecord } from "../../manifest/shape.js";

/** Something that an app has on a node of a Core and would not have, or have otherwise, on Kubernetes. */
export interface Difference {
  /** Name of the app. */
  readonly app: string;
  /** The document. */
  readonly origin: Origin;
  /** Path in the Compose document, like `services.web.volumes[0]`. */
  readonly field: string;
  readonly message: string;
}

/** Services of one app that are looked at: each name is looked for in all of them. */
const MAX_SERVICES = 200;

/** What `parityReport` looks at. */
export type Expansion = Iterable<{ readonly object: KubeObject; readonly origin: Origin }>;

const KUBERNETES_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DOCKER_SOCKET = /^(?:\/var)?\/run\/docker\.sock(?=:|$)/;

/** Keys that give a container a part of its host, with the value that does. */
const HOST_KEYS: readonly (readonly [key: string, value: unknown, message: string])[] = [
  ["network_mode", "host", "uses the network of its host: Kubernetes allows that by a policy only"],
  ["pid", "host", "sees the processes of its host: Kubernetes allows that by a policy only"],
  ["ipc", "host", "shares memory with its host: Kubernetes allows that by a policy only"],
  ["privileged", true, "is privileged: Kubernetes allows that by a policy only"],
];

/**
 * What of the apps would differ if the same documents went to Kubernetes, by app in the order of the documents. `objects`
 * are those that the documents became for a Core; others are passed over.
 */
export function parityReport(objects: Expansion): Difference[] {
  const found: Difference[] = [];
  for (const { object, origin } of objects) {
    if (parseApiVersion(object.apiVersion).group !== CORE_OBJECT_GROUP || object.kind !== "App") continue;
    const compose = isRecord(object.spec) ? object.spec.compose : undefined;
    const services = isRecord(compose) && isRecord(compose.services) ? compose.services : {};
    const add = (path: FieldPath, message: string): void =>
      void found.push({ app: object.metadata.name, origin, field: showPath(["services", ...path]), message });
    const all = Object.entries(services).slice(0, MAX_SERVICES);
    for (const [name, service] of all) {
      if (!isRecord(service)) continue;
      compareName(name, services, add);
      compareHost(name, service, add);
      compareMounts(name, service, add);
    }
  }
  return found;
}

type Add = (path: FieldPath, message: string) => void;

function compareName(name: string, services: Readonly<Record<string, unknown>>, add: Add): void {
  if (KUBERNETES_NAME.test(name)) return;
  const users = Object.entries(services)
    .filter(([other]) => other !== name)
    .flatMap(([other, service]) => usesOf(name, service, ["services", other]));
  const where = users.length === 0 ? "" : `; ${users.slice(0, 5).map(showPath).join(", ")} refers to it`;
  add([name], `is no name for a Service of Kubernetes${where}`);
}

/** Places in the environment and commands of a service where a host name stands as a word. */
function usesOf(name: string, service: unknown, path: FieldPath): FieldPath[] {
  if (!isRecord(service)) return [];
  const word = new RegExp(`(?<![A-Za-z0-9_.-])${name.replaceAll(/[^A-Za-z0-9_]/g, "\\$&")}(?![A-Za-z0-9_-])`);
  const found: FieldPath[] = [];
  const look = (value: unknown, at: FieldPath): void => {
    if (typeof value === "string" && word.test(value)) found.push(at);
    else if (Array.isArray(value)) value.forEach((item, index) => void look(item, [...at, index]));
    else if (isRecord(value)) for (const [key, child] of Object.entries(value)) look(child, [...at, key]);
  };
  for (const field of ["environment", "command", "entrypoint"]) look(service[field], [...path, field]);
  return found;
}

function compareHost(name: string, service: Readonly<Record<string, unknown>>, add: Add): void {
  for (const [key, value, message] of HOST_KEYS) {
    if (service[key] === value) add([name, key], message);
  }
  const devices = Array.isArray(service.devices) ? service.devices : [];
  devices.forEach((_, index) => {
    add([name, "devices", index], "is a device of the host: Kubernetes allows that by a policy only");
  });
}

function compareMounts(name: string, service: Readonly<Record<string, unknown>>, add: Add): void {
  const volumes = Array.isArray(service.volumes) ? service.volumes : [];
  volumes.forEach((mount: unknown, index) => {
    const short = typeof mount === "string" && mount.includes(":") ? mount : "";
    const source: unknown = isRecord(mount) && mount.type === "bind" ? mount.source : short;
    if (typeof source !== "string" || !source.startsWith("/")) return;
    const socket = DOCKER_SOCKET.test(source);
    const message = socket
      ? "the socket of Docker is not there on Kubernetes"
      : "is a path of the node: on Kubernetes the app stays on one node, and a policy has to allow the path";
    add([name, "volumes", index], message);
  });
}
