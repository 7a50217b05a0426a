import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import type { RawObject } from "../../src/kube/object.js";
import type { ControlPlane } from "../../tools/control-plane.js";
import type { TestKube, TestObject } from "./kube.js";
import { ownPort } from "./own-port.js";

/** What a webhook answers: JSON patch operations, a refusal, or nothing. */
export type WebhookAnswer = readonly object[] | { readonly denied: string } | undefined;
/** Decides about one request, by the object as it is going to be. */
export type WebhookRule = (
  object: RawObject,
  review: { readonly operation: string; readonly options?: { readonly fieldManager?: string } },
) => WebhookAnswer;

/** What a webhook is asked about. */
export interface WebhookScope {
  readonly name: string;
  readonly namespace: string;
  readonly apiGroup: string;
  readonly version: string;
  readonly resource: string;
  readonly validating?: boolean;
}

/** A real admission webhook over TLS on loopback, with the certificate of the API server itself. */
export class WebhookServer {
  readonly #server: Server;
  readonly #caBundle: string;
  readonly #rules = new Map<string, WebhookRule>();
  readonly #port: number;

  private constructor(server: Server, port: number, caBundle: string) {
    this.#server = server;
    this.#port = port;
    this.#caBundle = caBundle;
    server.on("request", (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(controlPlane: ControlPlane): Promise<WebhookServer> {
    const read = (name: string): Promise<string> => readFile(join(controlPlane.dir, "certificates", name), "utf8");
    const [cert, key] = await Promise.all([read("apiserver.crt"), read("apiserver.key")]);
    const server = createServer({ cert, key });
    const port = await ownPort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return new WebhookServer(server, port, Buffer.from(controlPlane.caPem).toString("base64"));
  }

  /** The configuration of a webhook that decides by `rule`, for Git. */
  manifest(scope: WebhookScope, rule: WebhookRule): TestObject {
    this.#rules.set(scope.name, rule);
    return this.#configuration(scope);
  }

  /** Takes no more requests, until `resume`. */
  async pause(): Promise<void> {
    await this.stop();
  }

  /** Listens again, on the same port. */
  async resume(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
  }

  /** Sets up a webhook that decides by `rule`, and waits until the API server asks it. */
  async install(kube: TestKube, scope: WebhookScope, rule: WebhookRule): Promise<void> {
    this.#rules.set(scope.name, rule);
    await kube.apply(this.#configuration(scope));
  }

  /** Lets a webhook decide by another rule, of which the API server knows nothing. */
  change(name: string, rule: WebhookRule): void {
    this.#rules.set(name, rule);
  }

  /** Removes a webhook again. */
  async uninstall(kube: TestKube, scope: WebhookScope): Promise<void> {
    const { apiVersion, kind, metadata } = this.#configuration(scope);
    await kube.delete({ apiVersion, kind, name: metadata.name });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #configuration({ name, namespace, apiGroup, version, resource, validating }: WebhookScope) {
    const webhook = {
      name: "rule.fields.example.com",
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      failurePolicy: "Fail",
      timeoutSeconds: 5,
      clientConfig: { url: `https://127.0.0.1:${this.#port}/${name}`, caBundle: this.#caBundle },
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      rules: [
        { apiGroups: [apiGroup], apiVersions: [version], operations: ["CREATE", "UPDATE"], resources: [resource] },
      ],
    };
    return {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: validating ? "ValidatingWebhookConfiguration" : "MutatingWebhookConfiguration",
      metadata: { name: `${name}.${namespace}` },
      webhooks: [webhook],
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const review = JSON.parse(Buffer.concat(chunks).toString()) as {
      request: { uid: string; object: RawObject; operation: string; options?: { fieldManager?: string } };
    };
    const { uid, object } = review.request;
    const answer = this.#rules.get((request.url ?? "").slice(1).split("?")[0] ?? "")?.(object, review.request);
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        apiVersion: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        response: { uid, ...verdict(answer) },
      }),
    );
  }
}

function verdict(answer: WebhookAnswer): object {
  if (answer === undefined) return { allowed: true };
  if ("denied" in answer) return { allowed: false, status: { code: 403, message: answer.denied } };
  const patch = Buffer.from(JSON.stringify(answer)).toString("base64");
  return { allowed: true, patchType: "JSONPatch", patch };
}
