import { expect } from "chai";
import { TokenUnavailableError, WebhookTokens } from "../../../../src/server/webhooks/tokens.js";
import { FakeClock } from "../../support/fake-clock.js";

type Data = Readonly<Record<string, string>> | undefined;

/** Tokens of Secrets that the test sets, and how often they were read. */
function tokensOf(secrets: Record<string, Data | Error>) {
  const reads: string[] = [];
  const retained: ReadonlySet<string>[] = [];
  const clock = new FakeClock();
  const access = {
    read: async (namespace: string, name: string) => {
      reads.push(`${namespace}/${name}`);
      const data = secrets[`${namespace}/${name}`];
      if (data instanceof Error) throw data;
      return data;
    },
    retain: (keys: ReadonlySet<string>) => void retained.push(keys),
  };
  return { tokens: new WebhookTokens(access, clock), clock, reads, retained, secrets };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const refusal = (token: Promise<string>): Promise<unknown> =>
  token.then(
    () => "taken",
    (error: unknown) => error,
  );

describe("WebhookTokens", () => {
  it("reads a token once, and again when its Secret changed", async () => {
    const { tokens, reads, secrets } = tokensOf({ "a/hook": { token: base64("0123456789abcdef") } });
    await Promise.all([tokens.of("a", "hook"), tokens.of("a", "hook")]);
    expect(await tokens.of("a", "hook")).to.equal("0123456789abcdef");
    expect(reads).to.deep.equal(["a/hook"]);
    secrets["a/hook"] = { token: base64("another-token-of-it") };
    tokens.changed("a", "hook");
    expect(await tokens.of("a", "hook")).to.equal("another-token-of-it");
  });

  it("lets no stranger ask the API server again and again for a Secret that is not there", async () => {
    const { tokens, reads, secrets } = tokensOf({});
    for (let time = 0; time < 3; time++)
      expect(await refusal(tokens.of("a", "hook"))).to.be.instanceOf(TokenUnavailableError);
    expect(reads).to.have.length(1);
    secrets["a/hook"] = { token: base64("0123456789abcdef") };
    tokens.changed("a", "hook");
    expect(await tokens.of("a", "hook")).to.equal("0123456789abcdef");
  });

  it("tries again when the API server could not be asked, but not with every request", async () => {
    const { tokens, clock, reads, secrets } = tokensOf({ "a/hook": new Error("away") });
    for (let time = 0; time < 3; time++)
      expect(await refusal(tokens.of("a", "hook"))).to.have.property("message", "away");
    expect(reads).to.have.length(1);
    secrets["a/hook"] = { token: base64("0123456789abcdef") };
    clock.advance(1_000);
    expect(await tokens.of("a", "hook")).to.equal("0123456789abcdef");
  });

  const unusable: readonly (readonly [Data, string])[] = [
    [undefined, "the Secret a/hook does not exist"],
    [{}, "the Secret a/hook has no key token"],
    [{ password: base64("0123456789abcdef") }, "the Secret a/hook has no key token"],
    [{ token: "" }, "shorter than 16 characters"],
    [{ token: base64("0123456789abcde\n") }, "shorter than 16 characters"],
  ];
  for (const [data, message] of unusable) {
    it(`does not take ${JSON.stringify(data)}`, async () => {
      const error = await refusal(tokensOf({ "a/hook": data }).tokens.of("a", "hook"));
      expect(error).to.be.instanceOf(TokenUnavailableError).and.have.property("message").that.contains(message);
    });
  }

  it("leaves out the line break at the end of a file", async () => {
    const { tokens } = tokensOf({ "a/hook": { token: base64("0123456789abcdef\r\n") } });
    expect(await tokens.of("a", "hook")).to.equal("0123456789abcdef");
  });

  it("forgets what nobody names any more", async () => {
    const { tokens, reads, retained } = tokensOf({ "a/hook": { token: base64("0123456789abcdef") } });
    await tokens.of("a", "hook");
    tokens.retain(new Set());
    await tokens.of("a", "hook");
    expect(reads).to.have.length(2);
    expect(retained).to.deep.equal([new Set()]);
  });
});
