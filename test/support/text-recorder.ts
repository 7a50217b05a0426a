import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import type { TestKube } from "./kube.js";
import { faultsOfText, textsOf } from "./message-rules.js";

/** What is followed: all that the operator tells people by way of the API server. */
const FOLLOWED = [
  `/apis/${API_VERSION}/namespaces/{namespace}/overseerapps`,
  `/apis/${API_VERSION}/namespaces/{namespace}/gitrepositories`,
  `/apis/${API_VERSION}/namespaces/{namespace}/changes`,
  "/apis/events.k8s.io/v1/namespaces/{namespace}/events",
] as const;

interface ReadObject {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly reportingController?: string;
}

/** Follows what an operator says in a namespace, also what it says for a moment only, and judges each text once. */
export class TextRecorder {
  readonly #faults = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #end = new AbortController();
  readonly #watches: readonly Promise<void>[];

  constructor(kube: TestKube, namespace: string) {
    this.#watches = FOLLOWED.map((path) => this.#follow(kube, path.replace("{namespace}", namespace)));
  }

  /** Fails with everything that is wrong with what was said, and its place. */
  expectPlain(): void {
    const faults = [...this.#faults].map(([text, fault]) => `${fault}\n  in: ${text}`);
    expect(faults, faults.join("\n")).to.deep.equal([]);
  }

  /** Judges the texts of objects that were read in another way. */
  judge(objects: readonly unknown[]): void {
    for (const object of objects) this.#judge(object);
  }

  /** Ends the watches. */
  async stop(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#watches);
  }

  /** A watch that is cut, as some tests cut them, ends early: what stands at the end is judged all the same. */
  async #follow(kube: TestKube, path: string): Promise<void> {
    let rest = "";
    try {
      const query = { watch: "true", timeoutSeconds: "3600" };
      for await (const chunk of await kube.client.stream({ method: "GET", path, query, signal: this.#end.signal })) {
        const lines = (rest + chunk.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#judge((JSON.parse(line) as { object?: unknown }).object);
      }
    } catch {
      // It was cut or ended.
    }
  }

  #judge(object: unknown): void {
    const { kind = "object", metadata, reportingController } = (object ?? {}) as ReadObject;
    // Other controllers have their own words.
    if (kind === "Event" && /^(replicaset|daemonset|statefulset|job|kustomize-)/.test(reportingController ?? ""))
      return;
    for (const [place, text] of textsOf(object)) {
      if (this.#seen.has(text)) continue;
      this.#seen.add(text);
      for (const fault of faultsOfText(text))
        this.#faults.set(text, `${kind} ${metadata?.name ?? ""}${place}: ${fault}`);
    }
  }
}
