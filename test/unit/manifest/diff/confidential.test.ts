import { expect } from "chai";
import { diffObjects } from "../../../../src/manifest/diff/diff.js";
import type { KubeObject } from "../../../../src/manifest/document.js";

const CANARY = "canary-4711";
const of = (spec: unknown): KubeObject => ({ apiVersion: "v1", kind: "App", metadata: { name: "shop" }, spec });
const shown = (from: unknown, to: unknown): string =>
  diffObjects(of(from), of(to))
    .entries.map(({ path, from: before, to: after }) => `${path}: ${before} -> ${after}`)
    .join("; ");
const service = (environment: unknown): unknown => ({ compose: { services: { web: { environment } } } });

describe("Plain values that look like secrets", () => {
  for (const [what, from, to] of [
    ["a variable of a map", service({ DB_PASSWORD: "old" }), service({ DB_PASSWORD: CANARY })],
    ["a number", service({ API_KEY: 1 }), service({ API_KEY: 4711 })],
    ["a new variable", service({}), service({ GH_TOKEN: CANARY })],
    ["a variable of a list", service(["MODE=a"]), service(["MODE=a", `CLIENT_SECRET=${CANARY}`])],
    ["a URL with a user", service({ DATABASE: "none" }), service({ DATABASE: `postgres://app:${CANARY}@db/shop` })],
    ["a URL elsewhere", { url: "https://example.com" }, { url: `https://${CANARY}@example.com` }],
    [
      "a variable of a container",
      { containers: [{ name: "web", env: [{ name: "ADMIN_PASS", value: "old" }] }] },
      { containers: [{ name: "web", env: [{ name: "ADMIN_PASS", value: CANARY }] }] },
    ],
    ["a random value of any name", service({ SEED: "a" }), service({ SEED: `qX7vN2mK9pL4wZ8r${CANARY}` })],
    ["a token in a text", { text: "a" }, { text: `x ghp_${"a1".repeat(18)} ${CANARY}` }],
    ["a command", { command: "redis-server" }, { command: `redis-server --requirepass ${CANARY}` }],
    ["an argument", { args: ["--requirepass", "old"] }, { args: ["--requirepass", CANARY] }],
    ["a new service", { compose: { services: {} } }, service({ SALT: CANARY })],
  ] as const)
    it(`are masked in a diff: ${what}`, () => {
      const text = shown(from, to);
      expect(text).to.include("<redacted>");
      expect(text).not.to.include("4711");
    });

  it("leave other variables, references and structure to be read", () => {
    expect(shown(service({ MODE: "a" }), service({ MODE: "b" }))).to.equal(
      ".spec.compose.services.web.environment.MODE: a -> b",
    );
    const ref = (key: string): unknown => ({
      env: [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "s", key } } }],
    });
    expect(shown(ref("a"), ref("b"))).to.include("secretKeyRef.key: a -> b");
    expect(shown({ image: "registry.example/a@sha256:1" }, { image: "registry.example/b" })).to.include("sha256:1");
    expect(shown(service({ PASSWORD: "" }), service({ PASSWORD: "" }))).to.equal("");
  });

  it("are found in linear time, in texts of megabytes as well", () => {
    for (const text of ["x".repeat(2_000_000), "a://".repeat(500_000), `a://${"b".repeat(2_000_000)}`])
      expect(shown({ text }, { text: `${text}!` })).not.to.include("<redacted>");
  });
});
