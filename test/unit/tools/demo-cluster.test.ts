import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { resolveDemoCluster } from "../../../tools/demo-cluster.js";
import { noProgress } from "../../../tools/progress.js";

describe("tools: the cluster of the demo", function () {
  this.timeout(15_000);
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-test-demo-cluster-"));
    file = join(folder, "kubeconfig");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** What the demo says of a kubeconfig for this address, and after how many milliseconds. */
  async function refusal(server: string): Promise<{ message: string; ms: number }> {
    const cluster = { name: "c", cluster: { server } };
    const config = { clusters: [cluster], users: [{ name: "u", user: { token: "t" } }] };
    const contexts = [{ name: "x", context: { cluster: "c", user: "u" } }];
    await writeFile(file, JSON.stringify({ ...config, contexts, "current-context": "x" }));
    const began = performance.now();
    const message = await resolveDemoCluster(noProgress, { DEMO_KUBECONFIG: file }).then(
      () => "it was taken",
      (error: Error) => error.message,
    );
    return { message, ms: performance.now() - began };
  }

  it("that is down is named within 5 s, with its address and why", async () => {
    const { message, ms } = await refusal("https://127.0.0.1:9");
    expect(message).to.match(
      /^the cluster of DEMO_KUBECONFIG \(https:\/\/127\.0\.0\.1:9\S*\) is not usable: .*ECONNREFUSED/,
    );
    expect(ms).to.be.lessThan(5_000);
  });

  it("that accepts connections and never answers is named within 5 s", async () => {
    const server: Server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { message, ms } = await refusal(`http://127.0.0.1:${port}`);
    server.close();
    expect(message)
      .to.include(`http://127.0.0.1:${port}`)
      .and.match(/is not usable: /);
    expect(ms).to.be.lessThan(5_000);
  });

  it("whose file is not there is named before anything is asked", async () => {
    const error = await resolveDemoCluster(noProgress, { DEMO_KUBECONFIG: file }).catch((problem: Error) => problem);
    expect((error as Error).message).to.match(/^cannot read .*kubeconfig: set DEMO_KUBECONFIG/);
  });
});
