import { expect } from "chai";
import { failureText, saysUnreachable } from "../../../src/overseer-core/agent/docker/failure-text.js";
import { LogDecoder } from "../../../src/overseer-core/agent/docker/log-stream.js";
import { maskOf } from "../../../src/overseer-core/agent/docker/mask.js";
import { projectName } from "../../../src/overseer-core/agent/docker/project-name.js";
import { taskLeftBehind } from "../../../src/overseer-core/agent/docker/unstartable-container.js";

describe("texts of the Docker runner", () => {
  const failures: readonly (readonly [string, RegExp])[] = [
    ["write /var/lib/docker/x: no space left on device", /the disk of the node is full: free space/],
    ["Bind for 0.0.0.0:80 failed: port is already allocated", /host port 0\.0\.0\.0:80 is already in use/],
    ["listen tcp4 127.0.0.1:80: bind: address already in use", /host port 127\.0\.0\.1:80 is already in use/],
    ["pull access denied for a/b, repository does not exist", /the registry denied the pull of a\/b: .*docker login/],
    ["manifest for a/b:9 not found: manifest unknown", /image a\/b:9 does not exist in its registry/],
    ["dial tcp: lookup registry.invalid: no such host", /the registry of an image is not reachable/],
    [
      'Conflict. The container name "/db" is already in use by container "x"',
      /the container name db is already in use/,
    ],
    ["something else\nand its reason", /^it failed: something else \| and its reason$/],
    ['time="x" level=warning msg="noise"\n Container a  Error\n', /^it failed: Docker gave no reason$/],
  ];
  for (const [output, expected] of failures) {
    it(`explain: ${output.trim().split("\n")[0]}`, () => {
      expect(failureText("it failed", output)).to.match(expected);
    });
  }

  it("tell an engine that does not respond from other failures", () => {
    expect(saysUnreachable("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?")).to.equal(
      true,
    );
    expect(saysUnreachable("dial tcp 127.0.0.1:1: connect: connection refused")).to.equal(false);
  });

  it("name the container that the engine cannot start after a crash", () => {
    const id = "0123456789abcdef".repeat(4);
    const other = "f".repeat(64);
    expect(taskLeftBehind(`Error response from daemon: task ${id}: already exists`, [other, id])).to.equal(id);
    expect(taskLeftBehind(`Conflict. The name "task ${id}" already exists`, [id])).to.equal(undefined);
    const quoted = `exec: "task ${other}: already exists": no such file`;
    expect(taskLeftBehind(quoted, [id]), "a container of another project").to.equal(undefined);
    expect(taskLeftBehind(`${quoted}\ntask ${id}: already exists`, [id])).to.equal(id);
  });

  it("hide secrets as a whole, by line, quoted and encoded", () => {
    const mask = maskOf(['p"w $1', "-----BEGIN-----\nabcdef\nxy\n", ""]);
    expect(mask('p"w $1|p\\"w $1|p%22w%20%241|p"w $$1')).to.equal("***|***|***|***");
    expect(mask("key: abcdef, xy")).to.equal("key: ***, xy");
  });

  it("name projects apart for apps with similar names, and for nodes", () => {
    const names = [projectName("n", "a.b"), projectName("n", "a_b"), projectName("m", "a_b")];
    expect(new Set(names).size).to.equal(3);
    for (const name of names) expect(name).to.match(/^a_b-[0-9a-f]{8}$/);
  });

  it("are read from frames that arrive in pieces, and from a terminal", () => {
    const frame = (text: string): Buffer => {
      const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, Buffer.byteLength(text)]);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    const data = Buffer.concat([frame("one\ntw"), frame("ö\nlast")]);
    for (let size = 1; size < data.length; size++) {
      const decoder = new LogDecoder();
      const lines: string[] = [];
      for (let at = 0; at < data.length; at += size) lines.push(...decoder.add(data.subarray(at, at + size)));
      expect([...lines, ...decoder.end()]).to.deep.equal(["one", "twö", "last"]);
    }
    const terminal = new LogDecoder();
    expect([...terminal.add(Buffer.from("hello world\r\nx")), ...terminal.end()]).to.deep.equal(["hello world", "x"]);
  });

  it("keep no more than one line of output that never ends a line, or of a frame that never ends", () => {
    const endless = new LogDecoder();
    const lines = Array.from({ length: 40 }, () => endless.add(Buffer.alloc(16 * 1024, "a"))).flat();
    expect(lines.join("").length + (endless.end()[0]?.length ?? 0)).to.equal(40 * 16 * 1024);
    expect(Math.max(...lines.map(({ length }) => length))).to.equal(64 * 1024);
    const framed = new LogDecoder();
    const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    expect(framed.add(Buffer.concat([header, Buffer.from("one\ntw")]))).to.deep.equal(["one"]);
    expect(framed.add(Buffer.from("o\n"))).to.deep.equal(["two"]);
  });
});
