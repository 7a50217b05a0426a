import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import type { FastifyReply, FastifyRequest } from "fastify";
import { RawJson } from "../../../src/http/raw-json.js";
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

  it("that are JSON already are sent as they are, with their length, unless the client has them", async () => {
    const sent: Record<string, unknown> = {};
    const set = (name: string) => (value: unknown) => {
      sent[name] = value;
      return reply;
    };
    const header = (name: string, value: unknown) => set(name)(value);
    const reply = { code: set("code"), type: set("type"), header, send: set("body") };
    const send = (headers: object): unknown => {
      const body = new RawJson([Buffer.from('{"a":'), Buffer.from("1}")]);
      const request = { method: "GET", headers } as unknown as FastifyRequest;
      return sendReply({ status: 200, etag: '"x"', body }, request, reply as unknown as FastifyReply);
    };
    send({});
    expect(sent).to.deep.include({
      code: 200,
      type: "application/json; charset=utf-8",
      "content-length": 7,
      etag: '"x"',
    });
    expect(await text(sent.body as Readable)).to.equal('{"a":1}');
    send({ "if-none-match": '"x"' });
    expect([sent.code, sent.body]).to.deep.equal([304, undefined]);
  });
});
