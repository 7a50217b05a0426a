import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { RenderError } from "../../../../src/render/render-error.js";
import { repositoryRoot } from "../../../../tools/repository-root.js";
import { expandFiles } from "./support/expand.js";

const folder = join(repositoryRoot(), "test/unit/render/overseer/fixtures");

/** What becomes of a file: variables that have to be supplied, then notes or problems. */
interface Outcome {
  readonly variables: readonly string[];
  readonly notes?: readonly string[];
  readonly problems?: readonly string[];
}

const RELATIVE =
  "relative path: the repository's files are not on the node; use a named volume, an absolute path, or configs.content";
const NO_VARIABLE = "is not supported: nodes have no environment variables; use content: ${NAME} in configs";
const LEFT_OUT =
  "is omitted: it has no value here or in spec.env of the document, or spec.source.env of the OverseerApp";

const EXPECTED: Readonly<Record<string, Outcome>> = {
  "sample-minecraft.yaml": {
    variables: [],
    problems: ["13 services.minecraft.volumes[0]: ~ is the home directory of the node agent; use an absolute path"],
  },
  "sample-nginx-golang.yaml": {
    variables: [],
    problems: [
      `6 services.proxy.volumes[0].source: ${RELATIVE}`,
      "15 services.backend.build: nodes do not build images: push the image to a registry and set image",
    ],
  },
  "store-blinko.yaml": {
    variables: ["DATABASE_URL", "NEXTAUTH_SECRET", "NEXTAUTH_URL", "NEXT_PUBLIC_BASE_URL", "POSTGRES_PASSWORD"],
    notes: [],
  },
  "store-cloudflare-ddns.yaml": { variables: ["CLOUDFLARE_API_TOKEN", "DOMAINS"], notes: [] },
  "store-enshrouded.yaml": { variables: ["SERVER_NAME", "SERVER_PASSWORD"], notes: [] },
  "store-gitlab-ce.yaml": { variables: ["GITLAB_HOST", "GITLAB_ROOT_PASSWORD"], notes: [] },
  "store-mattermost.yaml": {
    variables: [],
    notes: [
      `services.postgres.environment[0]: TZ ${LEFT_OUT}`,
      `services.postgres.environment[1]: POSTGRES_USER ${LEFT_OUT}`,
      `services.postgres.environment[2]: POSTGRES_PASSWORD ${LEFT_OUT}`,
      `services.postgres.environment[3]: POSTGRES_DB ${LEFT_OUT}`,
      `services.mattermost.environment[0]: DOMAIN ${LEFT_OUT}`,
      `services.mattermost.environment[1]: TZ ${LEFT_OUT}`,
      `services.mattermost.environment[2]: POSTGRES_USER ${LEFT_OUT}`,
      `services.mattermost.environment[3]: POSTGRES_PASSWORD ${LEFT_OUT}`,
      `services.mattermost.environment[4]: POSTGRES_DB ${LEFT_OUT}`,
      `services.mattermost.environment[5]: MM_SQLSETTINGS_DRIVERNAME ${LEFT_OUT}`,
      `services.mattermost.environment[6]: MM_SQLSETTINGS_DATASOURCE ${LEFT_OUT}`,
      `services.mattermost.environment[7]: MM_BLEVESETTINGS_INDEXDIR ${LEFT_OUT}`,
      `services.mattermost.environment[8]: MM_SERVICESETTINGS_SITEURL ${LEFT_OUT}`,
      `services.mattermost.environment[9]: APP_PORT ${LEFT_OUT}`,
    ],
  },
  "store-rallly.yaml": {
    variables: [
      "DATABASE_URL",
      "INITIAL_ADMIN_EMAIL",
      "NEXT_PUBLIC_BASE_URL",
      "NOREPLY_EMAIL",
      "POSTGRES_PASSWORD",
      "S3_ACCESS_KEY_ID",
      "S3_BUCKET_NAME",
      "S3_ENDPOINT",
      "S3_REGION",
      "S3_SECRET_ACCESS_KEY",
      "SECRET_PASSWORD",
      "SMTP_HOST",
      "SMTP_PORT",
      "SMTP_PWD",
      "SMTP_SECURE",
      "SMTP_USER",
      "SUPPORT_EMAIL",
    ],
    notes: ["version: is ignored, as in Compose"],
  },
  "store-superset.yaml": {
    variables: ["MAPBOX_API_KEY", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER", "REDIS_PASSWORD", "SECRET_KEY"],
    problems: [`33 services.superset.volumes[0]: ${RELATIVE}`],
  },
  "store-weblate.yaml": {
    variables: [
      "POSTGRES_DB",
      "POSTGRES_PASSWORD",
      "POSTGRES_USER",
      "WEBLATE_ADMIN_EMAIL",
      "WEBLATE_ADMIN_NAME",
      "WEBLATE_ADMIN_PASSWORD",
      "WEBLATE_DEFAULT_FROM_EMAIL",
      "WEBLATE_ENABLE_HTTPS",
      "WEBLATE_REGISTRATION_OPEN",
      "WEBLATE_SERVER_EMAIL",
      "WEBLATE_SITE_DOMAIN",
      "WEBLATE_SITE_TITLE",
    ],
    notes: [],
  },
  "store-wg-easy.yaml": { variables: ["WIREGUARD_HOST", "WIREGUARD_PASSWORD"], notes: [] },
  "store-zulip.yaml": {
    variables: ["ZULIP_ADMINISTRATOR", "ZULIP_EXTERNAL_HOST", "ZULIP_LOADBALANCER_IPS"],
    problems: [
      `105 secrets.zulip__postgres_password.environment: ${NO_VARIABLE}`,
      `107 secrets.zulip__memcached_password.environment: ${NO_VARIABLE}`,
      `109 secrets.zulip__rabbitmq_password.environment: ${NO_VARIABLE}`,
      `111 secrets.zulip__redis_password.environment: ${NO_VARIABLE}`,
      `113 secrets.zulip__secret_key.environment: ${NO_VARIABLE}`,
    ],
  },
};

async function outcomeOf(name: string): Promise<Outcome> {
  const files = {
    "app.yaml": "apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: app}\nspec: {composeFiles: [compose.yaml]}\n",
    "compose.yaml": await readFile(join(folder, name), "utf8"),
  };
  const env: Record<string, string> = {};
  for (;;) {
    const variables = Object.keys(env).sort();
    try {
      const { notes } = await expandFiles(files, { env });
      return { variables, notes: notes.map(({ message }) => message) };
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      const missing = error.problems.flatMap(({ message }) => /the variable (\w+) (?:has|is)/.exec(message)?.[1] ?? []);
      for (const variable of missing) env[variable] = "8080";
      const problems = error.problems.map(({ origin, message }) => `${origin?.line} ${message}`);
      if (missing.length === 0) return { variables, problems };
    }
  }
}

describe("public Compose files are expanded, or rejected with a remedy", () => {
  for (const [name, expected] of Object.entries(EXPECTED)) {
    it(name, async () => {
      expect(await outcomeOf(name)).to.deep.equal(expected);
    });
  }

  it("are all in this table", async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
    expect(names.sort()).to.deep.equal(Object.keys(EXPECTED).sort());
  });
});
