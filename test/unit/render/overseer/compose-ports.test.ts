import { expect } from "chai";
import { checkPorts, normalizePort } from "../../../../src/render/overseer/compose/ports.js";
import { type Findings, Reporter } from "../../../../src/render/overseer/reporter.js";
import { caseFile } from "../../../support/cases.js";
import { expandText, specOf } from "./support/expand.js";

function check(...ports: unknown[]) {
  const findings: Findings = { problems: [], notes: [] };
  const result = checkPorts({ ports }, new Reporter(findings, { file: "c.yaml", line: 1 }, "App a"));
  return { ...result, problems: findings.problems.map(({ message }) => message) };
}

describe("ports of a service", () => {
  it("take an IPv6 address without brackets, and Compose on the node gets it with them", async () => {
    const result = await expandText(await caseFile("compose-ipv6-port/app.yaml"));
    const { compose } = specOf(result, "App") as { compose: { services: { web: { ports: unknown } } } };
    expect(compose.services.web.ports).to.deep.equal(["[::1]:6000:6000"]);
  });

  const all = { address: "", protocol: "tcp", index: 0 };
  // The address, the first and last port of the node, and the port of the container.
  const taken: readonly [port: unknown, published: object | undefined, container: number | undefined][] = [
    ["3000", undefined, 3000],
    ["3000-3005", undefined, 3000],
    ["8000:8000", { ...all, first: 8000, last: 8000 }, 8000],
    ["9090-9091:8080-8081", { ...all, first: 9090, last: 9091 }, 8080],
    ["49100:22", { ...all, first: 49100, last: 49100 }, 22],
    ["8000-9000:80", undefined, 80],
    ["127.0.0.1:8001:8001", { ...all, address: "127.0.0.1", first: 8001, last: 8001 }, 8001],
    ["127.0.0.1:5000-5010:5000-5010", { ...all, address: "127.0.0.1", first: 5000, last: 5010 }, 5000],
    ["127.0.0.1::5000", undefined, 5000],
    ["::1:6000:6000", { ...all, address: "::1", first: 6000, last: 6000 }, 6000],
    ["[::1]:6001:6001", { ...all, address: "::1", first: 6001, last: 6001 }, 6001],
    ["2001:db8::5:80:8080", { ...all, address: "2001:db8::5", first: 80, last: 80 }, 8080],
    [":::443:8443", { ...all, address: "::", first: 443, last: 443 }, 8443],
    [":2283:2283", { ...all, first: 2283, last: 2283 }, 2283],
    ["6060:6060/udp", { ...all, protocol: "udp", first: 6060, last: 6060 }, undefined],
    ["0.0.0.0:80:80/TCP", { ...all, address: "0.0.0.0", first: 80, last: 80 }, 80],
    ["0:80", undefined, 80],
    [8080, undefined, 8080],
    [
      { target: 80, published: "8080", protocol: "tcp", mode: "host", app_protocol: "http", name: "web" },
      { ...all, first: 8080, last: 8080 },
      80,
    ],
    [{ target: 80, host_ip: "127.0.0.1", published: "8000-9000" }, undefined, 80],
    [{ target: "80", published: 8080, host_ip: "::1" }, { ...all, address: "::1", first: 8080, last: 8080 }, 80],
    [{ target: 53, published: 53, protocol: "udp" }, { ...all, protocol: "udp", first: 53, last: 53 }, undefined],
  ];
  for (const [port, published, container] of taken) {
    it(`${JSON.stringify(port)} is taken`, () => {
      expect(check(port)).to.deep.equal({
        container: container === undefined ? [] : [container],
        published: published === undefined ? [] : [published],
        problems: [],
      });
    });
  }

  for (const port of [
    "localhost:80:80",
    "1:2:3:4",
    "fe80::1%eth0:80:80",
    "80:80:",
    "[::1]:80",
    "::1:80",
    " 80:80",
    80.5,
    "",
  ]) {
    it(`${JSON.stringify(port)} is refused, as Compose does`, () => {
      expect(check(port).problems).to.have.length(1);
    });
  }
  for (const port of [
    { target: 80, protocol: "tpc" },
    { target: 80, host_ip: "localhost" },
    { target: 80, published: "x" },
  ]) {
    it(`${JSON.stringify(port)} is refused`, () => expect(check(port).problems).to.have.length(1));
  }

  it("are passed on unchanged except for brackets", () => {
    const ports = ["80:80", "[::1]:80:80", "127.0.0.1:80:80", 80, { target: 80 }, ":80:80"];
    expect(ports.map(normalizePort)).to.deep.equal(ports);
    expect(normalizePort("2001:db8::5:80:8080/udp")).to.equal("[2001:db8::5]:80:8080/udp");
  });
});
