import type { KubeObject } from "../../manifest/document.js";
import { isRecord } from "../../manifest/shape.js";
import { joinNames } from "../compose/names.js";
import { itemsOf, mappingOf, textOf } from "../compose/values.js";
import type { Mapping } from "../overseer/compose/shape.js";
import {
  type AppFacts,
  ENCRYPTED_VARIABLE,
  type Mount,
  mountPath,
  type RouteFacts,
  type ServiceFacts,
  unique,
} from "./facts.js";

const APP_LABEL = "app.kubernetes.io/name";
const SERVICE_LABEL = "app.kubernetes.io/component";

/** Annotations that require a sign-in, of each provider. */
export type SignIn = readonly { readonly annotations: Readonly<Record<string, string>> }[];

/** Returns the facts of each app of objects that are compiled for Kubernetes, or of its live objects, by the name of the app. */
export function kubernetesFacts(objects: readonly KubeObject[], signIn: SignIn = []): ReadonlyMap<string, AppFacts> {
  const apps = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const app = object.metadata.labels?.[APP_LABEL];
    if (app !== undefined) apps.set(app, [...(apps.get(app) ?? []), object]);
  }
  return new Map([...apps].map(([name, own]) => [name, factsOfApp(name, own, signIn)]));
}

function factsOfApp(app: string, objects: readonly KubeObject[], signIn: SignIn): AppFacts {
  const services = new Map<string, ServiceFacts>();
  for (const object of objects) {
    const spec = podSpecOf(object);
    const component = object.metadata.labels?.[SERVICE_LABEL];
    for (const container of itemsOf(spec.containers).filter(isRecord)) {
      const name = String(container.name);
      const names = name === component ? namesOf(component, objects) : [];
      services.set(name, factsOfContainer(container, spec, objects, { names, encrypted: joinNames(app, name, "env") }));
    }
  }
  return { services, routes: new Map(objects.flatMap((object) => routesOf(object, objects, signIn))) };
}

/** The specification of a pod, or of the pods that a workload creates; empty for other objects. */
function podSpecOf({ kind, spec }: KubeObject): Mapping {
  return kind === "Pod" ? mappingOf(spec) : mappingOf(mappingOf(mappingOf(spec).template).spec);
}

/** The names of headless Services that lead to the pods of a service. */
function namesOf(component: string, objects: readonly KubeObject[]): readonly string[] {
  const own = objects.filter(({ kind, spec }) => {
    const { clusterIP, selector } = mappingOf(spec);
    return kind === "Service" && clusterIP === "None" && mappingOf(selector)[SERVICE_LABEL] === component;
  });
  return unique(own.map(({ metadata }) => metadata.name));
}

function factsOfContainer(
  container: Mapping,
  pod: Mapping,
  objects: readonly KubeObject[],
  { names, encrypted }: { readonly names: readonly string[]; readonly encrypted: string },
): ServiceFacts {
  const variables = new Map<string, string>();
  for (const one of itemsOf(container.env).filter(isRecord)) {
    const secret = mappingOf(mappingOf(one.valueFrom).secretKeyRef);
    if (secret.name === encrypted) variables.set(String(one.name), ENCRYPTED_VARIABLE);
    else if (one.valueFrom === undefined) variables.set(String(one.name), expand(textOf(one.value) ?? "", variables));
    else variables.set(String(one.name), `\${SECRET:${String(secret.name)}}`);
  }
  const words = (value: unknown): readonly string[] | undefined =>
    Array.isArray(value) ? value.map((word) => expand(String(word), variables)) : undefined;
  return {
    names,
    environment: Object.fromEntries(variables),
    image: textOf(container.image) ?? "",
    command: words(container.args),
    entrypoint: words(container.command),
    mounts: new Map(
      itemsOf(container.volumeMounts)
        .filter(isRecord)
        .map((mount) => [mountPath(String(mount.mountPath)), mountOf(mount, pod, objects)]),
    ),
  };
}

/** Replaces references to variables as Kubernetes does. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (match, name?: string) =>
    name === undefined ? "$" : (variables.get(name) ?? match),
  );
}

function mountOf({ name, subPath, readOnly }: Mapping, pod: Mapping, objects: readonly KubeObject[]): Mount {
  const volume = itemsOf(pod.volumes)
    .filter(isRecord)
    .find((one) => one.name === name);
  if (volume === undefined) return { kind: "temporary", source: "" };
  const { persistentVolumeClaim: claim, emptyDir, hostPath, nfs } = volume;
  if (claim !== undefined || nfs !== undefined)
    return {
      kind: "volume",
      source: String(mappingOf(claim).claimName ?? name),
      readOnly: readOnly === true,
      subPath: textOf(subPath) ?? "",
    };
  if (hostPath !== undefined) return { kind: "host", source: String(mappingOf(hostPath).path) };
  if (emptyDir !== undefined)
    return { kind: mappingOf(emptyDir).medium === "Memory" ? "memory" : "temporary", source: "" };
  return { kind: "file", source: contentOf(mappingOf(volume.configMap), subPath, objects) };
}

/** The content of a file of a ConfigMap; empty if it is not known. */
function contentOf({ name, items }: Mapping, subPath: unknown, objects: readonly KubeObject[]): string {
  const config = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name);
  const item = itemsOf(items)
    .filter(isRecord)
    .find(({ path }) => path === subPath);
  return textOf(mappingOf(config?.data)[String(item?.key)]) ?? "";
}

function routesOf(object: KubeObject, objects: readonly KubeObject[], signIn: SignIn): [string, RouteFacts][] {
  const spec = mappingOf(object.spec);
  if (object.kind === "Ingress") {
    const annotations = object.metadata.annotations ?? {};
    const isSignedIn = signIn.some(({ annotations: wanted }) =>
      Object.entries(wanted).every(([key, value]) => annotations[key] === value),
    );
    return itemsOf(spec.rules)
      .filter(isRecord)
      .flatMap(({ host, http }) =>
        itemsOf(mappingOf(http).paths)
          .filter(isRecord)
          .map(({ path, backend }): [string, RouteFacts] => {
            const { name, port } = mappingOf(mappingOf(backend).service);
            const target = targetOf(name, mappingOf(port).number, objects);
            return [`${String(host)}${String(path)}`, { ...target, tls: spec.tls !== undefined, signIn: isSignedIn }];
          }),
      );
  }
  if (object.kind !== "HTTPRoute") return [];
  return itemsOf(spec.hostnames).flatMap((host) =>
    itemsOf(spec.rules)
      .filter(isRecord)
      .flatMap(({ matches, backendRefs }) => {
        const [match] = itemsOf(matches);
        const [backend] = itemsOf(backendRefs);
        const target = targetOf(mappingOf(backend).name, mappingOf(backend).port, objects);
        const path = mappingOf(mappingOf(match).path).value;
        return [
          [`${String(host)}${String(path)}`, { ...target, tls: undefined, signIn: false }] as [string, RouteFacts],
        ];
      }),
  );
}

/** The service and the port of its container that a port of a Service leads to. */
function targetOf(name: unknown, port: unknown, objects: readonly KubeObject[]): Pick<RouteFacts, "service" | "port"> {
  const service = mappingOf(objects.find(({ kind, metadata }) => kind === "Service" && metadata.name === name)?.spec);
  const found = itemsOf(service.ports)
    .filter(isRecord)
    .find((one) => one.port === port);
  return {
    service: String(mappingOf(service.selector)[SERVICE_LABEL] ?? name),
    port: Number(found?.targetPort ?? found?.port ?? port),
  };
}
