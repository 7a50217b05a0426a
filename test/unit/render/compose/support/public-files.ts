import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { STEPS } from "../../../../../tools/compose-corpus.js";
import { repositoryRoot } from "../../../../../tools/repository-root.js";

const FOLDERS = ["test/unit/render/overseer/fixtures", "test/unit/render/compose/fixtures"];

/** A public Compose file. */
export interface PublicFile {
  readonly name: string;
  readonly text: string;
}

/** The sixty public files, by name. */
export async function publicFiles(): Promise<PublicFile[]> {
  const found = await Promise.all(
    FOLDERS.map(async (folder) => {
      const path = join(repositoryRoot(), folder);
      const names = (await readdir(path)).filter((name) => name.endsWith(".yaml"));
      return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(path, name), "utf8") })));
    }),
  );
  return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What has to be supplied to each file; the others are refused. */
export const NEEDS: Readonly<Record<(typeof STEPS)[number], readonly string[]>> = {
  variables: words(`sample-angular sample-apache-php sample-aspnet-mssql sample-django sample-fastapi sample-flask-redis
    sample-flask store-blender store-blinko store-chatwoot store-emqx store-enshrouded store-erpnext-v16 store-erpnext
    store-firecrawl store-frappe-hr store-gitlab-ce store-habitica store-inngest store-instantdb store-mailu store-mattermost
    store-mediacms store-open-webui store-openpanel store-penpot store-photoprism store-plane store-rallly store-seanime
    store-seaweedfs store-stirling store-systemprompt store-thingsboard store-weblate store-zulip`),
  files: words(`sample-elasticsearch-logstash-kibana sample-nginx-aspnet-mysql sample-nginx-flask-mongo
    sample-nginx-flask-mysql sample-nginx-golang-mysql sample-nginx-golang store-fonoster store-livekit store-oneuptime
    store-peerdb store-signoz store-superset store-taiga store-tooljet store-uptimekit`),
  volumes: ["sample-minecraft"],
  "host access": words(`store-cloudflare-ddns store-emby store-glances store-macos store-triggerdotdev store-wg-easy
    store-windows`),
};

function words(text: string): string[] {
  return text.split(/\s+/);
}
