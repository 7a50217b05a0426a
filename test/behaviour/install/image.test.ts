import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { OPERATOR_NODE_FLAGS } from "../../../tools/operator-command.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { renderChart } from "../../support/helm.js";

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of a Dockerfile, each on one line, without comments. */
function instructionsOf(text: string): Instruction[] {
  const lines = text.split("\n").filter((line) => !/^\s*#/.test(line));
  const whole = lines.join("\n").replaceAll(/\\\n\s*/g, " ");
  return whole
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", ...rest] = line.split(" ");
      return { name, text: rest.join(" ") };
    });
}

/** Processors in the header of an ELF file. */
const [AMD64, ARM64] = [0x3e, 0xb7];

function isElf(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).toString("latin1") === "\x7fELF";
}

describe("The image", () => {
  const instructions = instructionsOf(readFileSync(join(repositoryRoot(), "Dockerfile"), "utf8"));
  const textsOf = (name: string): string[] => instructions.filter((one) => one.name === name).map(({ text }) => text);
  const last = (name: string): string => textsOf(name).at(-1) ?? "";

  it("is read rightly", () => {
    const read = instructionsOf("# a\nFROM x\nRUN a; \\\n  # b\n  c\n");
    expect(read).to.deep.equal([
      { name: "FROM", text: "x" },
      { name: "RUN", text: "a;  c" },
    ]);
  });

  it("is made of bases that are arguments, named with a version", () => {
    const bases = textsOf("FROM").map((text) => text.split(" ")[0]);
    const stages = new Set(textsOf("FROM").flatMap((text) => / AS (\S+)/.exec(text)?.[1] ?? []));
    expect(bases.filter((base = "") => !stages.has(base) && !/^\$\{[A-Z_]+\}$/.test(base))).to.deep.equal([]);
    const defaults = textsOf("ARG").map((text) => text.split("=")[1] ?? "");
    expect(defaults).to.have.lengthOf(2);
    for (const image of defaults) expect(image).to.match(/^[a-z/-]+:(?!latest$)[\w.-]+$/);
    expect(textsOf("ARG")[0]).to.match(/^NODE_IMAGE=node:24-/);
  });

  it("fetches nothing but packages of its base", () => {
    expect(textsOf("ADD")).to.deep.equal([]);
    expect(textsOf("RUN").filter((text) => /\b(curl|wget|npm|npx|pip)\b|https?:/.test(text))).to.deep.equal([]);
  });

  it("holds the bundle and its licence, and no source", () => {
    const copied = textsOf("COPY").filter((text) => !text.startsWith("--from="));
    expect(copied).to.deep.equal(["LICENSE /app/", "dist/ /app/"]);
    const ignore = readFileSync(join(repositoryRoot(), ".dockerignore"), "utf8").split("\n");
    const rules = ignore.filter((line) => line !== "" && !line.startsWith("#"));
    expect(rules[0], "everything is left out").to.equal("*");
    expect(rules.filter((rule) => rule.startsWith("!"))).to.deep.equal([
      "!LICENSE",
      "!dist/",
      "!deploy/systemd/install.sh",
    ]);
  });

  it("holds native code for both processors, and its own files are the same for each", () => {
    const dist = join(repositoryRoot(), "dist");
    const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const native = files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((file) => isElf(readFileSync(file)));
    const machines = native.map((file) => [file.slice(dist.length + 1), readFileSync(file).readUInt16LE(18)] as const);
    const library = "@photostructure+sqlite";
    expect(Object.fromEntries(machines)).to.deep.equal({
      [`prebuilds/linux-x64/${library}.glibc.node`]: AMD64,
      [`prebuilds/linux-x64/${library}.musl.node`]: AMD64,
      [`prebuilds/linux-arm64/${library}.glibc.node`]: ARM64,
      [`prebuilds/linux-arm64/${library}.musl.node`]: ARM64,
    });
  });

  it("starts the bundle as the tests do, as a user that is no root", () => {
    expect(JSON.parse(last("ENTRYPOINT"))).to.deep.equal(["node", ...OPERATOR_NODE_FLAGS, "/app/main.js"]);
    expect(last("USER")).to.match(/^[1-9]\d+:[1-9]\d+$/);
    const after = instructions.slice(instructions.findLastIndex(({ name }) => name === "USER") + 1);
    expect(after.map(({ name }) => name)).to.not.include.members(["RUN"]);
  });

  it("fits the pods of the chart", async () => {
    const deployment = (await renderChart()).find(({ kind }) => kind === "Deployment") as unknown as {
      spec: {
        template: { spec: { securityContext: { runAsUser: number; runAsGroup: number }; containers: object[] } };
      };
    };
    const pod = deployment.spec.template.spec;
    expect(last("USER")).to.equal(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`);
    expect(pod.containers[0]).to.not.have.property("command");
    const { volumeMounts } = pod.containers[0] as { volumeMounts: { mountPath: string }[] };
    expect(JSON.parse(last("VOLUME"))).to.deep.equal(volumeMounts.map(({ mountPath }) => mountPath));
  });
});
