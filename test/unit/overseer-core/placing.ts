import { expect } from "chai";
import { eventually } from "../support/eventually.js";
import type { FakeClock } from "../support/fake-clock.js";
import type { CoreRig, Json } from "./rig.js";

/** A document of an app with data. */
export const WITH_DATA = "services: {db: {image: x, volumes: ['data:/d']}}\nvolumes: {data: {}}";

/** Time without heartbeats after which a node is offline, in milliseconds. */
export const HEARTBEAT_TIMEOUT_MS = 10_000;

/** A node as its agent knows it. */
export type Node = Awaited<ReturnType<CoreRig["node"]>>;

/** Actions of people and agents for tests of where apps run. `rig` returns the Core of the test, which has this heartbeat timeout. */
export function placing(rig: () => CoreRig, clock: FakeClock) {
  const label = (node: Node, labels: object, more: object = {}) =>
    rig().call("PUT", `/api/nodes/${node.id}/config`, { config: { labels, ...more }, metadata: {} });
  const deploy = (id: string) => rig().post(`/api/apps/${id}/deploy`);
  const appOf = async (id: string): Promise<Json | undefined> => (await rig().get(`/api/apps/${id}`)).body.app;
  const nodeOf = async (id: string) => `${(await appOf(id))?.assignedNodeId}`;
  const drain = (node: Node, body: object = {}) => rig().post(`/api/nodes/${node.id}/drain`, body);
  const finish = async (node: Node, end: Record<string, unknown> = { status: "completed" }): Promise<Json> => {
    const work = await rig().claim(node);
    await rig().end(String(work?.job?.id), node.token, end);
    return work?.job ?? {};
  };
  const run = async (name: string, node: Node, fields: object = {}): Promise<string> => {
    const id = await rig().app(name, { ...fields });
    expect((await deploy(id)).status).to.equal(202);
    await finish(node);
    return id;
  };
  const goOffline = async (node: Node, others: readonly Node[]): Promise<void> => {
    const status = async () => `${(await rig().get(`/api/nodes/${node.id}/status`)).body.status}`;
    for (let step = 0; step < 6; step++) {
      for (const { id, token } of others) await rig().post(`/api/nodes/${id}/heartbeat`, undefined, { token });
      clock.advance(2500);
    }
    await eventually("offline", async () => (await status()) === "offline");
  };

  return { label, deploy, appOf, nodeOf, drain, finish, run, goOffline };
}
