import { expect } from "chai";
import { app, expandText } from "./support/expand.js";

async function notes(services: unknown, rest = ""): Promise<string[]> {
  const result = await expandText(app(JSON.stringify({ services }), rest));
  return result.notes.map(({ message }) => message);
}

describe("passwords in plain text", () => {
  it("are noted once for an app, by name and place, and never by value", async () => {
    const found = await notes({
      web: { image: "x", environment: { DB_PASSWORD: "hunter2", TZ: "Europe/Berlin" } },
      db: { image: "y", environment: ["POSTGRES_PASSWORD=hunter2", "POSTGRES_USER=app"] },
      api: { image: "y", environment: { API_KEY: "hunter2", JWT_SECRET: "a hunter2 b" } },
    });
    expect(found).to.deep.equal([
      "spec.compose.services.web.environment.DB_PASSWORD: looks like a password in plain text (also db.POSTGRES_PASSWORD, " +
        "api.API_KEY, api.JWT_SECRET): store it in the Core and write ${SECRET:name}",
    ]);
    expect(found.join()).not.to.include("hunter2");
  });

  it("are noted when they come from a variable of the document", async () => {
    const found = await notes({ web: { image: "x", environment: { DB_PASSWORD: "${PW}" } } }, "  env: {PW: hunter2}\n");
    expect(found).to.have.length(1);
    expect(found.join()).not.to.include("hunter2");
  });

  it("are noted by their form, whatever the name of the variable", async () => {
    const found = await notes({ web: { image: "x", environment: ["DATABASE_URL=postgres://app:hunter2@db/app"] } });
    expect(found).to.have.length(1);
    expect(found.join()).to.include("looks like a password in a URL in plain text").and.not.include("hunter2");
  });

  const harmless: readonly [string, unknown][] = [
    ["DB_PASSWORD", "${SECRET:db}"],
    ["DB_URL_TOKEN", "x${SECRET:db}y"],
    ["DB_PASSWORD_FILE", "/run/secrets/db"],
    ["PASSWORD", "/run/secrets/db"],
    ["ALLOW_EMPTY_PASSWORD", "yes"],
    ["USE_TOKEN", "true"],
    ["TOKEN", ""],
    ["MONKEY", "banana"],
    ["PASSWORD_LENGTH", "12"],
    ["KEY", "value"],
  ];
  for (const [name, value] of harmless) {
    it(`are not suspected in ${name}=${String(value)}`, async () => {
      expect(await notes({ web: { image: "x", environment: { [name]: value } } })).to.deep.equal([]);
    });
  }
});
