import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { ControlPlane } from "../../tools/control-plane.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { TestKube, TestRef } from "./kube.js";

const GROUP = "metrics.k8s.io";
const MIB = 1024 * 1024;
const API_SERVICE: TestRef = { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", name: `v1beta1.${GROUP}` };

/**
 * The metrics API that autoscalers read, aggregated into the API server as metrics-server is: over TLS, by an APIService whose
 * Service is a name on this machine. What pods use is what the test says.
 */
export class MetricsApi {
  readonly #kube: TestKube;
  readonly #server: Server;
  /** Memory in MiB that all pods of a namespace use together; they share it evenly. */
  readonly #load = new Map<string, number>();

  private constructor(kube: TestKube, server: Server) {
    this.#kube = kube;
    this.#server = server;
    server.on("request", (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** Starts the server, and waits until the API server serves its API. The Service is made in `namespace`. */
  static async start(controlPlane: ControlPlane, kube: TestKube, namespace: string): Promise<MetricsApi> {
    const read = (name: string): Promise<string> => readFile(join(controlPlane.dir, "certificates", name), "utf8");
    const [cert, key] = await Promise.all([read("apiserver.crt"), read("apiserver.key")]);
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const api = new MetricsApi(kube, server);
    await api.#register(namespace);
    return api;
  }

  /** Lets the pods of a namespace use so much memory from now on. */
  setLoad(namespace: string, mebibytes: number): void {
    this.#load.set(namespace, mebibytes);
  }

  /** Takes the API out again: one that does not answer would keep namespaces from going. */
  async stop(): Promise<void> {
    await this.#kube.delete(API_SERVICE);
    await this.#kube.untilGone(API_SERVICE);
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #register(namespace: string): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    await this.#kube.apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "metrics", namespace },
      spec: { type: "ExternalName", externalName: "localhost" },
    });
    await this.#kube.apply({
      apiVersion: API_SERVICE.apiVersion,
      kind: API_SERVICE.kind,
      metadata: { name: API_SERVICE.name },
      spec: {
        group: GROUP,
        version: "v1beta1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        // The certificate is the API server's own, and names no Service.
        insecureSkipTLSVerify: true,
        service: { name: "metrics", namespace, port },
      },
    });
    await waitUntil({ what: "the metrics API is served", timeoutMs: 60_000 }, async () => {
      const { body } = await this.#kube.client.request<{ groups: { name: string }[] }>({
        method: "GET",
        path: "/apis",
      });
      return body.groups.some(({ name }) => name === GROUP);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "https://localhost");
    const namespace = new RegExp(`^/apis/${GROUP}/v1beta1/namespaces/([^/]+)/pods$`).exec(url.pathname)?.[1];
    response.setHeader("content-type", "application/json");
    if (namespace === undefined) response.end(JSON.stringify(RESOURCES));
    else response.end(JSON.stringify(await this.#metrics(namespace, url.searchParams.get("labelSelector") ?? "")));
  }

  async #metrics(namespace: string, selector: string): Promise<unknown> {
    const pods = await this.#kube.list("v1", "Pod", namespace, selector);
    const memory = String(Math.round(((this.#load.get(namespace) ?? 0) * MIB) / Math.max(1, pods.length)));
    const items = pods.map(({ metadata: { name } }) => ({
      metadata: { name, namespace },
      timestamp: new Date().toISOString(),
      window: "10s",
      containers: [{ name: "web", usage: { cpu: "1m", memory } }],
    }));
    return { apiVersion: `${GROUP}/v1beta1`, kind: "PodMetricsList", metadata: {}, items };
  }
}

const RESOURCES = {
  apiVersion: "v1",
  kind: "APIResourceList",
  groupVersion: `${GROUP}/v1beta1`,
  resources: [{ name: "pods", singularName: "", namespaced: true, kind: "PodMetrics", verbs: ["get", "list"] }],
};
