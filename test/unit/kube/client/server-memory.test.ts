import { expect } from "chai";
import { readText } from "../../../../src/kube/client/byte-buffer.js";
import { ServerMemory } from "../../../../src/kube/client/server-memory.js";
import { KubeConnectionError, ResponseTooLargeError } from "../../../../src/kube/errors.js";

const MIB = 1024 * 1024;

async function* chunks(count: number, bytes: number, after?: () => void): AsyncGenerator<Buffer> {
  for (let n = 0; n < count; n++) yield Buffer.alloc(bytes, "x");
  after?.();
}

describe("ServerMemory", () => {
  it("reports growth by steps, and nothing while less is kept", () => {
    let growths = 0;
    const memory = new ServerMemory(() => growths++);
    for (let n = 0; n < 3; n++) memory.keep(MIB / 2);
    expect(growths).to.equal(1);
    memory.keep(-MIB);
    memory.keep(MIB / 2);
    expect(growths, "as much as before").to.equal(1);
    memory.keep(MIB / 2);
    expect(growths).to.equal(2);
    expect(memory.kept).to.equal(1.5 * MIB);
  });

  it("refuses growth, but frees what was kept", () => {
    const memory: ServerMemory = new ServerMemory(() => memory.refuse(new KubeConnectionError("full", undefined)));
    expect(() => memory.keep(2 * MIB)).to.throw("full");
    expect(() => memory.keep(1)).to.throw("full");
    expect(() => memory.receive(1)).to.throw("full");
    memory.keep(-2 * MIB);
    expect(memory.total).to.equal(0);
  });

  it("counts a response while it is received, and frees it when it is read or fails", async () => {
    const memory = new ServerMemory();
    let most = 0;
    const text = await readText(
      chunks(16, MIB, () => {
        most = memory.total;
      }),
      undefined,
      memory,
    );
    expect(text).to.have.length(16 * MIB);
    expect(most).to.be.at.least(16 * MIB);
    expect(memory.total).to.equal(0);
    const broken = chunks(4, MIB, () => {
      throw new Error("reset");
    });
    await readText(broken, undefined, memory).then(
      () => expect.fail("it must fail"),
      (error: Error) => expect(error.message).to.equal("reset"),
    );
    expect(memory.total).to.equal(0);
  });

  it("refuses a response beyond those that are incomplete, and no others", async () => {
    const memory = new ServerMemory();
    memory.receive(60 * MIB);
    const error = await readText(chunks(8, MIB), undefined, memory).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ResponseTooLargeError);
    expect((error as Error).message).to.equal("incomplete responses of the API server exceed 64 MiB");
    expect(memory.total).to.equal(60 * MIB);
    expect(await readText(chunks(8, 1024), undefined, memory)).to.have.length(8 * 1024);
  });
});
