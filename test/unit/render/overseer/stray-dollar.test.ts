import { expect } from "chai";
import { isSecretName } from "../../../../src/manifest/secret-name.js";
import { caseFile } from "../../../support/cases.js";
import { app, expandText, placesOf, problemsOf } from "./support/expand.js";

const SUPPLY = "spec.env of the document, or spec.source.env of the OverseerApp";
const doubtful = (character: number): string =>
  `the $ at character ${character} starts an unset variable: write $$ for a dollar sign, or set the variable in ${SUPPLY}`;
const certain = (character: number): string =>
  `the $ at character ${character} starts an unset variable: write $$ for a dollar sign`;

/** The messages about an entry of a service, without its path. */
async function said(field: string, value: unknown): Promise<string[]> {
  const service = { image: "x", [field]: value };
  const problems = await problemsOf(expandText(app(JSON.stringify({ services: { web: service } }))));
  return problems.map(({ message }) => message.replace(/^[^:]*?(?:\[[^\]]*\])?: /, ""));
}

describe("a literal dollar sign", () => {
  it("in a bcrypt hash is refused with place and remedy", async () => {
    expect(await placesOf(expandText(await caseFile("compose-dollar/app.yaml")))).to.deep.equal([
      `app.yaml:10 spec.compose.services.vpn.environment[0]: ${certain(21)}`,
    ]);
  });

  const dollars: readonly [title: string, field: string, value: unknown, message: string, parts: string[]][] = [
    ["bcrypt in an entry of any name", "environment", { ADMIN: "$2y$10$QRSabcTUV" }, certain(7), ["QRSabc"]],
    ["bcrypt in upper case", "environment", { ADMIN: "$2y$10$QRSTUVWX" }, certain(7), ["QRST"]],
    [
      "Traefik's basic auth in labels",
      "labels",
      ["traefik.http.middlewares.a.basicauth.users=admin:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"],
      certain(50),
      ["H6usk", "IgXLP", "apr1"],
    ],
    [
      "basic auth under another name",
      "labels",
      { "caddy.users": "admin:$apr1$H6uskkkW$IgXLP6ew" },
      certain(7),
      ["H6usk"],
    ],
    ["argon2", "environment", ["VAULT=$argon2id$v=19$m=65540,t=3,p=4$c2FsdA$aGFzaA"], certain(7), ["c2FsdA", "argon2"]],
    [
      "crypt with a salt of letters",
      "environment",
      { USERS: "joe:$6$saltsalt$hashhash" },
      certain(7),
      ["salt", "hash"],
    ],
    ["a password with a word in it", "environment", { DB_PASSWORD: "hunter$two" }, certain(7), ["two", "hunter"]],
    ["a password in capitals", "environment", { DB_PASSWORD: "HUNTER2$TWO" }, certain(8), ["TWO", "HUNTER"]],
    ["a password that begins with it", "environment", ["MYSQL_ROOT_PASSWORD=$uper#cret"], certain(21), ["uper"]],
    ["a key", "environment", { API_KEY: "ab$CD-ef" }, certain(3), ["CD"]],
    ["a token in braces", "environment", { TOKEN: "ab${cd}ef" }, certain(3), ["cd"]],
    ["a token with a message", "environment", { TOKEN: "ab${cd:?ef}gh" }, certain(3), ["cd", "ef"]],
    ["a token with a default", "environment", { TOKEN: "ab${X:-$cd}ef" }, certain(8), ["cd"]],
    ["a password in a URL", "environment", { URL: "postgres://app:$WORD@db/app" }, certain(16), ["WORD"]],
    ["a password in a command", "command", ["--admin-password=pa$word"], certain(20), ["word"]],
    ["within a longer text", "environment", { GREETING: "costs nothing$now" }, certain(14), ["now"]],
    [
      "a text of several lines",
      "command",
      "a\nserver_name $host;",
      doubtful(13).replace("at ", "at line 2, "),
      ["host"],
    ],
    ["a variable in lower case, perhaps", "command", ["--tag=v1-$tag"], doubtful(10), ["$tag"]],
  ];
  for (const [title, field, value, message, parts] of dollars) {
    it(`${title}: is refused, and no part of the value is shown`, async () => {
      const messages = await said(field, value);
      expect(messages).to.deep.equal([message]);
      for (const part of parts) expect(messages.join()).not.to.include(part);
    });
  }

  const variables: readonly [title: string, field: string, value: unknown, name: string][] = [
    ["alone", "user", "$UID", "UID"],
    ["in braces", "environment", { A: "x${Some_name}y" }, "Some_name"],
    ["alone in a password", "environment", { DB_PASSWORD: "$DB_PASSWORD" }, "DB_PASSWORD"],
    ["in braces in a password", "environment", ["DB_PASSWORD=${DB_PASSWORD}"], "DB_PASSWORD"],
    ["within a password, in capitals and braces", "environment", { TOKEN: "prefix-${TOKEN}" }, "TOKEN"],
    ["after a separator", "environment", { URL: "http://$HOST:80/" }, "HOST"],
    ["in lower case, alone", "user", "$user", "user"],
  ];
  for (const [title, field, value, name] of variables) {
    it(`is told from a variable ${title}, which is named`, async () => {
      expect(await said(field, value)).to.deep.equal([
        `the variable ${name} has no value and no default: set it in ${SUPPLY}`,
      ]);
    });
  }

  it("shows the message of a required variable", async () => {
    expect(await said("environment", { DB_PASSWORD: "${PW:?set PW}" })).to.deep.equal([
      `the variable PW is required: "set PW". Set it in ${SUPPLY}`,
    ]);
  });

  it("is kept where Compose treats it as literal", async () => {
    const value = { A: "$5 and 5$", HASH: "$$2a$$12$$abc" };
    const result = await expandText(app(JSON.stringify({ services: { web: { image: "x", environment: value } } })));
    expect(JSON.stringify(result.documents[0]?.object.spec)).to.include('"A":"$$5 and 5$$","HASH":"$$2a$$12$$abc"');
  });
});

describe("an entry of environment without =", () => {
  for (const [title, environment] of [
    ["with a colon instead", ["DB_PASSWORD:hunter2"]],
    ["with a space instead", ["DB_PASSWORD hunter2"]],
    ["in a mapping", { "DB_PASSWORD=hunter2": null }],
    ["in a mapping, with a colon", { "DB_PASSWORD:hunter2": null }],
  ] as const) {
    it(`${title} is refused, and its value is not shown`, async () => {
      const problems = await problemsOf(
        expandText(app(JSON.stringify({ services: { web: { image: "x", environment } } }))),
      );
      expect(problems).to.have.length(1);
      expect(problems[0]?.message).to.include("expected NAME=value");
      expect(problems[0]?.message).not.to.include("hunter2");
    });
  }

  it("rejects NAME=value among the keys of a service without quoting the value", async () => {
    const problems = await problemsOf(
      expandText(app(JSON.stringify({ services: { web: { image: "x", "DB_PASSWORD=hunter2": null } } }))),
    );
    expect(problems.map(({ message }) => message)).to.deep.equal([
      'spec.compose.services.web["DB_PASSWORD…"]: unknown field',
    ]);
  });
});

describe("isSecretName", () => {
  for (const name of [
    "DB_PASSWORD",
    "ROOT_PASS",
    "pwd",
    "API_KEY",
    "x.basicauth.users",
    "PASSWORD_HASH",
    "ADMIN_PW",
    "jwtSecret",
    "TOKEN",
    "SALT",
  ]) {
    it(`takes ${name} for one`, () => expect(isSecretName(name)).to.equal(true));
  }
  for (const name of ["TZ", "DOMAIN", "POWER", "PORT", "spin", "USERS", ""]) {
    it(`does not take ${JSON.stringify(name)} for one`, () => expect(isSecretName(name)).to.equal(false));
  }
});
