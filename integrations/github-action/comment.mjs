// Writes the comment of overseer diff on a pull request, in place of the one of an earlier run.
import { readFile } from "node:fs/promises";

const { GITHUB_API_URL = "https://api.github.com", GITHUB_REPOSITORY, OVERSEER_CI_PULL_REQUEST, OVERSEER_CI_TOKEN } = process.env;
const MARK = "<!-- overseer-diff -->";
const comments = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues/${OVERSEER_CI_PULL_REQUEST}/comments`;

async function call(method, url, body) {
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${OVERSEER_CI_TOKEN}`,
    "content-type": "application/json",
  };
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}: the token needs the permission pull-requests: write`);
  return response.json();
}

async function earlier() {
  for (let page = 1; ; page++) {
    const found = await call("GET", `${comments}?per_page=100&page=${page}`);
    const own = found.find(({ body }) => body?.startsWith(MARK));
    if (own !== undefined || found.length < 100) return own;
  }
}

const body = await readFile(process.argv[2], "utf8");
const own = await earlier();
if (own === undefined) await call("POST", comments, { body });
else await call("PATCH", own.url, { body });
