import type { Reporter } from "../overseer/reporter.js";
import type { AppObjects } from "./app-objects.js";
import { portsServiceName } from "./app-services.js";
import type { AppModel, ServiceModel } from "./model.js";
import { joinNames } from "./names.js";

/** A route to a service of an app. */
export interface CompiledRoute {
  readonly host: string;
  readonly path: string;
  readonly service: string;
  readonly port: number;
  readonly tls: boolean;
  /** Sign-in provider. */
  readonly auth: string | undefined;
  readonly report: Reporter;
}

/** Adds an Ingress or HTTPRoute per host. `hostOf` returns the service whose pod runs a service. */
export function addRoutes(
  routes: readonly CompiledRoute[],
  hostOf: (service: string) => ServiceModel | undefined,
  app: AppModel,
  objects: AppObjects,
): void {
  const groups = new Map<string, CompiledRoute[]>();
  for (const route of routes) {
    const key = JSON.stringify([route.host, route.tls, route.auth ?? ""]);
    groups.set(key, [...(groups.get(key) ?? []), route]);
  }
  for (const group of groups.values()) {
    const [first] = group as [CompiledRoute, ...CompiledRoute[]];
    const rules = group.flatMap((route) => {
      const target = hostOf(route.service);
      return target === undefined ? [] : [{ ...route, backend: portsServiceName(app.name, target) }];
    });
    const variant = [first.tls ? "" : "http", first.auth ?? ""].filter((part) => part !== "");
    const name = joinNames(app.name, first.host.replace(/^\*\./, "wildcard."), ...variant);
    if (app.settings.cluster.gateway === undefined) addIngress(name, first, rules, app, objects);
    else addHttpRoute(name, first, rules, app, objects);
  }
}

type Rule = CompiledRoute & { readonly backend: string };

function addIngress(
  name: string,
  first: CompiledRoute,
  rules: readonly Rule[],
  app: AppModel,
  objects: AppObjects,
): void {
  const { host, tls, auth, report } = first;
  const { className, clusterIssuer, tlsSecretName, annotations = {}, signIn = [] } = app.settings.cluster.ingress ?? {};
  const provider = auth === undefined ? undefined : signIn.find((one) => one.name === auth);
  if (auth !== undefined && provider === undefined) {
    // Never an Ingress without it: the app would be public.
    report.problem(
      `the sign-in provider ${auth} is not configured, and the route would be public: add it to source.compose.ingress.signIn of the OverseerApp, or remove auth`,
    );
    return;
  }
  const ownSecret =
    clusterIssuer === undefined ? undefined : joinNames(app.name, host.replace(/^\*\./, "wildcard."), "tls");
  const secretName = tlsSecretName ?? ownSecret;
  if (tls && secretName === undefined)
    report.note(
      "uses the default certificate of the Ingress controller: set source.compose.ingress.clusterIssuer or tlsSecretName",
    );
  const all = {
    ...annotations,
    ...(tls && tlsSecretName === undefined && clusterIssuer !== undefined
      ? { "cert-manager.io/cluster-issuer": clusterIssuer }
      : {}),
    ...provider?.annotations,
  };
  objects.add(
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      name,
      annotations: all,
      rest: {
        spec: {
          ...(className === undefined ? {} : { ingressClassName: className }),
          ...(tls ? { tls: [{ hosts: [host], ...(secretName === undefined ? {} : { secretName }) }] } : {}),
          rules: [
            {
              host,
              http: {
                paths: rules.map(({ path, backend, port }) => ({
                  path,
                  pathType: "Prefix",
                  backend: { service: { name: backend, port: { number: port } } },
                })),
              },
            },
          ],
        },
      },
    },
    report,
  );
}

function addHttpRoute(
  name: string,
  first: CompiledRoute,
  rules: readonly Rule[],
  app: AppModel,
  objects: AppObjects,
): void {
  const { host, auth, report } = first;
  if (auth !== undefined) {
    report.problem(
      `the sign-in provider ${auth} is supported with an Ingress only, and the route would be public: remove source.compose.gateway or auth`,
    );
    return;
  }
  const { name: gateway = "", namespace, sectionName } = app.settings.cluster.gateway ?? {};
  const parent = {
    name: gateway,
    ...(namespace === undefined ? {} : { namespace }),
    ...(sectionName === undefined ? {} : { sectionName }),
  };
  objects.add(
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      name,
      rest: {
        spec: {
          parentRefs: [parent],
          hostnames: [host],
          rules: rules.map(({ path, backend, port }) => ({
            matches: [{ path: { type: "PathPrefix", value: path } }],
            backendRefs: [{ name: backend, port }],
          })),
        },
      },
    },
    report,
  );
}
