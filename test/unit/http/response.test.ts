import { Readable } from "node:stream";
import { expect } from "chai";
import type { FastifyReply, FastifyRequest } from "fastify";
import { sendReply } from "../../../src/http/response.js";

describe("Responses", () => {
  it("that are streams may be silent for any time", () => {
    const timeouts: number[] = [];
    const request = { raw: { socket: { setTimeout: (ms: number) => timeouts.push(ms) } } };
    const reply = { code: () => reply, type: () => reply, header: () => reply, send: () => reply };
    const send = (body: unknown): unknown =>
      sendReply({ status: 200, body }, request as unknown as FastifyRequest, reply as unknown as FastifyReply);
    send("text");
    expect(timeouts).to.deep.equal([]);
    send(Readable.from([]));
    expect(timeouts).to.deep.equal([0]);
  });
});
