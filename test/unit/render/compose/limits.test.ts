import { expect } from "chai";
import { closest } from "../../../../src/render/closest.js";
import { hostNames, hostUses } from "../../../../src/render/compose/hosts.js";
import { Reporter } from "../../../../src/render/overseer/reporter.js";
import { compile } from "./support/compile.js";

const many = <T>(count: number, one: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => one(index));
const services = (count: number, rest = ""): string =>
  `services:\n${many(count, (index) => `  a${index}: {image: "x:1"${rest}}\n`).join("")}`;

describe("a Compose document that would take long to compile", function () {
  this.timeout(60_000);

  it("is refused if it has too many services", async () => {
    expect((await compile(services(500))).problems).to.deep.equal([]);
    expect((await compile(services(501))).problems).to.deep.equal([
      "app.yaml:7 spec.compose.services: has 501 services, and an app has at most 500: split it into several apps",
    ]);
  });

  it("is refused if volumes_from multiplies its mounts", async () => {
    const volumes = many(100, (index) => `"/v${index}"`).join(", ");
    const document = (users: number): string =>
      `${services(users, ", volumes_from: [data]")}  data: {image: "x:1", volumes: [${volumes}]}\n`;
    expect((await compile(document(20))).problems).to.deep.equal([]);
    expect((await compile(document(100))).problems).to.deep.equal([
      "app.yaml:7 spec.compose.services: with volumes_from, its services have more than 10000 mounts: remove some",
    ]);
  });

  it("is refused if it uses large files too often", async () => {
    const files = { "a.env": `A=${"x".repeat(1_000_000)}\n` };
    expect((await compile(services(3, ", env_file: a.env"), { files })).problems).to.deep.equal([]);
    const { problems } = await compile(services(20, ", env_file: a.env"), { files });
    expect(problems).to.have.length(4);
    expect(problems[0]).to.match(/a16.env_file: is used so often that the app reads more than 16777216 bytes of files/);
  });

  it("has its names found by reading each service a few times, however many there are", () => {
    const count = 200;
    let reads = 0;
    const definition = (index: number) => ({
      get environment() {
        reads++;
        return { HOST: `a_${(index + 1) % count}` };
      },
    });
    const definitions = new Map(many(count, (index) => [`a_${index}`, definition(index)]));
    const report = new Reporter({ problems: [], notes: [] }, { file: "a.yaml", line: 1 }, "App web");
    const { services: rewritten } = hostNames({}, definitions, report);
    expect(rewritten.get("a_7")?.environment).to.deep.equal({ HOST: "a-8" });
    expect(reads).to.be.below(10 * count);
    reads = 0;
    expect(hostUses(definitions, new Set(definitions.keys())).size).to.equal(count);
    expect(reads).to.equal(count);
  });

  it("costs a hint only some comparisons, however many names are there", () => {
    let read = 0;
    function* names(): Generator<string> {
      for (; read < 5000; read++) yield "b".repeat(128);
    }
    expect(closest("a".repeat(128), names())).to.equal(undefined);
    expect(read).to.be.below(100);
  });
});
