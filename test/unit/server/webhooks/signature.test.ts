import { createHmac } from "node:crypto";
import { expect } from "chai";
import { assert, constantFrom, dictionary, property, string } from "fast-check";
import type { RequestHeaders } from "../../../../src/server/webhooks/provider.js";
import { proofOf, SignatureCheck } from "../../../../src/server/webhooks/signature.js";

const TOKEN = "it's a Secret to Everybody";
const BODY = Buffer.from('{"ref":"refs/heads/main","note":"ü"}');
const OTHER = createHmac("sha256", "another token").update(BODY).digest("hex");
const HEX = createHmac("sha256", TOKEN).update(BODY).digest("hex");
const SHA1 = createHmac("sha1", TOKEN).update(BODY).digest("hex");

function basic(credential: string): string {
  return `Basic ${Buffer.from(credential).toString("base64")}`;
}

function verdict(headers: RequestHeaders, token = TOKEN, pieces: readonly Buffer[] = [BODY]): boolean | undefined {
  const proof = proofOf(headers);
  if (proof === undefined) return undefined;
  const check = new SignatureCheck(proof, token);
  for (const piece of pieces) check.update(piece);
  return check.matches();
}

describe("the signature of a webhook", () => {
  const cases: readonly (readonly [string, RequestHeaders, boolean | undefined])[] = [
    ["none", {}, undefined],
    ["of GitHub", { "x-hub-signature-256": `sha256=${HEX}` }, true],
    ["of Gitea", { "x-gitea-signature": HEX }, true],
    ["of Forgejo", { "x-forgejo-signature": HEX }, true],
    ["of Bitbucket", { "x-hub-signature": `sha256=${HEX}` }, true],
    ["of GitLab", { "x-gitlab-token": TOKEN }, true],
    ["of Azure DevOps", { authorization: basic(`any:${TOKEN}`) }, true],
    ["of Azure DevOps without a user", { authorization: basic(`:${TOKEN}`) }, true],
    ["of Azure DevOps with another token", { authorization: basic(`any:${TOKEN}x`) }, false],
    ["of Azure DevOps, the token as user", { authorization: basic(`${TOKEN}:`) }, undefined],
    ["of Azure DevOps, no basic authentication", { authorization: `Bearer ${TOKEN}` }, undefined],
    [
      "wrong, with the token of a proxy behind",
      { "x-hub-signature-256": `sha256=${OTHER}`, authorization: basic(`a:${TOKEN}`) },
      false,
    ],
    [
      "all that Forgejo sends",
      {
        "x-forgejo-signature": HEX,
        "x-gitea-signature": HEX,
        "x-hub-signature": `sha1=${SHA1}`,
        "x-hub-signature-256": `sha256=${HEX}`,
      },
      true,
    ],
    ["what GitHub sends besides", { "x-hub-signature": `sha1=${SHA1}`, "x-hub-signature-256": `sha256=${HEX}` }, true],
    ["in upper case", { "x-hub-signature-256": `sha256=${HEX.toUpperCase()}` }, true],
    ["with another token", { "x-hub-signature-256": `sha256=${OTHER}` }, false],
    ["of GitLab with another token", { "x-gitlab-token": `${TOKEN}!` }, false],
    ["of GitLab with the beginning of the token", { "x-gitlab-token": TOKEN.slice(0, -1) }, false],
    ["of GitLab, empty", { "x-gitlab-token": "" }, undefined],
    ["empty", { "x-gitea-signature": "" }, undefined],
    ["too short", { "x-gitea-signature": HEX.slice(2) }, undefined],
    ["too long", { "x-gitea-signature": `${HEX}00` }, undefined],
    ["no hex", { "x-gitea-signature": `zz${HEX.slice(2)}` }, undefined],
    ["without the algorithm", { "x-hub-signature-256": HEX }, undefined],
    ["with an algorithm where none belongs", { "x-gitea-signature": `sha256=${HEX}` }, undefined],
    ["with SHA-1 alone", { "x-hub-signature": `sha1=${SHA1}` }, undefined],
    ["with SHA-1 under the name of SHA-256", { "x-hub-signature-256": `sha256=${SHA1}` }, undefined],
    ["with the algorithm in upper case", { "x-hub-signature-256": `SHA256=${HEX}` }, undefined],
    ["sent twice, as Node joins them", { "x-hub-signature-256": `sha256=${HEX}, sha256=${HEX}` }, undefined],
    ["sent twice, as a list", { "x-hub-signature-256": [`sha256=${HEX}`, `sha256=${HEX}`] }, undefined],
    [
      "wrong in the first of two headers",
      { "x-gitea-signature": OTHER, "x-hub-signature-256": `sha256=${HEX}` },
      false,
    ],
    ["unreadable in the first of two headers", { "x-gitea-signature": "x", "x-gitlab-token": TOKEN }, undefined],
    ["right in the first of two headers", { "x-hub-signature-256": `sha256=${HEX}`, "x-gitlab-token": "wrong" }, true],
    ["the token where an HMAC belongs", { "x-hub-signature-256": `sha256=${TOKEN}` }, undefined],
    ["an HMAC where the token belongs", { "x-gitlab-token": HEX }, false],
  ];
  for (const [name, headers, expected] of cases) {
    it(`${name}: ${expected === undefined ? "is none" : expected ? "is right" : "is wrong"}`, () => {
      expect(verdict(headers)).to.equal(expected);
    });
  }

  it("is that of the example in GitHub's documentation", () => {
    const digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const headers = { "x-hub-signature-256": `sha256=${digest}` };
    expect(verdict(headers, "It's a Secret to Everybody", [Buffer.from("Hello, World!")])).to.equal(true);
  });

  describe("by a signing token", () => {
    const token = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const body = [Buffer.from('{"test": 2432232314}')];
    const right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const wrong = `v1,${"A".repeat(43)}=`;
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": right,
      "x-gitlab-event": "Push Hook",
    };
    const table: readonly (readonly [string, RequestHeaders, boolean | undefined])[] = [
      ["as in the example of Standard Webhooks", headers, true],
      ["besides one by another key", { ...headers, "webhook-signature": `${wrong} ${right}` }, true],
      ["besides one of another version", { ...headers, "webhook-signature": `v1a,x ${right}` }, true],
      ["besides a secret token", { ...headers, "x-gitlab-token": "x" }, true],
      ["with another key", { ...headers, "webhook-signature": wrong }, false],
      ["with another id", { ...headers, "webhook-id": "msg_1" }, false],
      ["with another time", { ...headers, "webhook-timestamp": "1614265331" }, false],
      ["without an id", { ...headers, "webhook-id": undefined }, undefined],
      ["without a time", { ...headers, "webhook-timestamp": undefined }, undefined],
      ["of another version alone", { ...headers, "webhook-signature": right.replace("v1", "v2") }, undefined],
      ["that is too short", { ...headers, "webhook-signature": "v1,AAAA" }, undefined],
      [
        "after more of them than anybody needs",
        { ...headers, "webhook-signature": `${`${wrong} `.repeat(4)}${right}` },
        false,
      ],
    ];
    for (const [name, given, expected] of table) {
      it(`${name}: ${expected === undefined ? "is none" : expected ? "is right" : "is wrong"}`, () => {
        expect(verdict(given, token, body)).to.equal(expected);
      });
    }

    it("does not take a token that holds no key for an empty key", () => {
      const signed = Buffer.concat([Buffer.from("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330."), ...body]);
      const signature = `v1,${createHmac("sha256", "").update(signed).digest("base64")}`;
      for (const holdsNone of ["whsec_!!!!!!!!!!!!!!!!", "whsec_", "whsec_AA=="]) {
        expect(verdict({ ...headers, "webhook-signature": signature }, holdsNone, body), holdsNone).to.equal(false);
      }
    });

    it("has the key that the token holds, not the token itself", () => {
      const signed = Buffer.concat([Buffer.from("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330."), ...body]);
      const signature = `v1,${createHmac("sha256", token).update(signed).digest("base64")}`;
      expect(verdict({ ...headers, "webhook-signature": signature }, token, body)).to.equal(false);
    });
  });

  it("is never right, and never a fault, when somebody makes it up", () => {
    const header = constantFrom(
      "x-hub-signature-256",
      "x-hub-signature",
      "x-gitea-signature",
      "x-forgejo-signature",
      "x-gitlab-token",
      "authorization",
    );
    assert(property(dictionary(header, string({ unit: "binary" })), (headers) => verdict(headers) !== true));
  });

  it("is of the bytes, however they come in pieces", () => {
    const headers = { "x-gitea-signature": HEX };
    expect(
      verdict(
        headers,
        TOKEN,
        [...BODY].map((byte) => Buffer.from([byte])),
      ),
    ).to.equal(true);
    expect(verdict(headers, TOKEN, [BODY.subarray(1)])).to.equal(false);
    expect(verdict(headers, TOKEN, [BODY, Buffer.from(" ")])).to.equal(false);
    expect(verdict(headers, TOKEN, [])).to.equal(false);
  });
});
