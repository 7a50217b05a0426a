import { CORE_OBJECT_GROUP } from "../../api/core/objects.js";
import type { KubeObject, Origin } from "../../manifest/document.js";
import { type FieldPath, showPath } from "../../manifest/field-path.js";
import { parseApiVersion } from "../../manifest/object-id.js";
import { isRecord } from "../../manifest/shape.js";

/** A property of an app on a Core that would differ on Kubernetes. */
export interface Difference {
  /** Name of the app. */
  readonly app: string;
  /** Place of the document. */
  readonly origin: Origin;
  /** Path in the Compose document, like `services.web.volumes[0]`. */
  readonly field: string;
  readonly message: string;
}

/** Maximum number of services per app: each name is searched for in all services. */
const MAX_SERVICES = 200;

/** Input of `parityReport`. */
export type Expansion = Iterable<{ readonly object: KubeObject; readonly origin: Origin }>;

const KUBERNETES_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DOCKER_SOCKET = /^(?:\/var)?\/run\/docker\.sock(?=:|$)/;

/** Keys and values that give a container access to its host. */
const HOST_KEYS: readonly (readonly [key: string, value: unknown, message: string])[] = [
  ["network_mode", "host", "uses the network of its host: Kubernetes allows that by a policy only"],
  ["pid", "host", "sees the processes of its host: Kubernetes allows that by a policy only"],
  ["ipc", "host", "shares memory with its host: Kubernetes allows that by a policy only"],
  ["privileged", true, "is privileged: Kubernetes allows that by a policy only"],
];

/**
 * Reports differences that apps would have on Kubernetes, in document order. `objects` are rendered for a Core; objects of
 * other kinds are ignored.
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

/** Returns the places in the environment and commands of a service that contain a host name as a word. */
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
