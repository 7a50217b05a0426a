import { expect } from "chai";
import { parityReport } from "../../../../src/render/overseer/parity.js";
import { app, expandFiles } from "./support/expand.js";

async function report(compose: string): Promise<string[]> {
  const { documents } = await expandFiles({ "a.yaml": app(compose) });
  return parityReport(documents).map(
    ({ app: name, origin, field, message }) => `${name} ${origin.line} ${field} ${message}`,
  );
}

describe("parityReport", () => {
  const cases: readonly [title: string, compose: string, ...differences: string[]][] = [
    [
      "nothing",
      "services: {web: {image: x, volumes: ['data:/d', /anonymous], network_mode: bridge, privileged: false}}",
    ],
    [
      "a name with _ that others refer to",
      "services:\n  plausible_db: {image: x}\n  web: {image: y, environment: {DATABASE_URL: postgres://plausible_db/x}, command: [a, wait plausible_db:5432]}",
      "web 1 services.plausible_db is no name for a Service of Kubernetes; services.web.environment.DATABASE_URL, services.web.command[1] refers to it",
    ],
    [
      "a name with _ that is a part of other words only",
      "services:\n  a_b: {image: x, environment: [SELF=a_b]}\n  web: {image: y, environment: [X=a_bc, Y=my-a_b, Z=x.a_b]}",
      "web 1 services.a_b is no name for a Service of Kubernetes",
    ],
    ["upper case", "services: {Web: {image: x}}", "web 1 services.Web is no name for a Service of Kubernetes"],
    [
      "the network of the host",
      "services: {web: {image: x, network_mode: host}}",
      "web 1 services.web.network_mode uses the network of its host: Kubernetes allows that by a policy only",
    ],
    [
      "privileges",
      "services: {web: {image: x, privileged: true, pid: host}}",
      "web 1 services.web.pid sees the processes of its host: Kubernetes allows that by a policy only",
      "web 1 services.web.privileged is privileged: Kubernetes allows that by a policy only",
    ],
    [
      "devices",
      "services: {web: {image: x, devices: [/dev/dri]}}",
      "web 1 services.web.devices[0] is a device of the host: Kubernetes allows that by a policy only",
    ],
    [
      "the socket of Docker",
      "services: {web: {image: x, volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}}",
      "web 1 services.web.volumes[0] the socket of Docker is not there on Kubernetes",
    ],
    [
      "paths",
      "services: {web: {image: x, volumes: ['/srv/x:/x', {type: bind, source: /y, target: /y}]}}",
      "web 1 services.web.volumes[0] is a path of the node: on Kubernetes the app stays on one node, and a policy has to allow the path",
      "web 1 services.web.volumes[1] is a path of the node: on Kubernetes the app stays on one node, and a policy has to allow the path",
    ],
  ];
  for (const [title, compose, ...expected] of cases) {
    it(title, async () => {
      expect(await report(compose)).to.deep.equal(expected);
    });
  }

  it("ignores objects other than apps of a Core", () => {
    const origin = { file: "a.yaml", line: 1 };
    const object = {
      apiVersion: "v1",
      kind: "App",
      metadata: { name: "x" },
      spec: { compose: { services: { A: {} } } },
    };
    expect(parityReport([{ object, origin }])).to.deep.equal([]);
  });
});
