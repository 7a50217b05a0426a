import type { DocumentKind } from "../../src/api/documents/documents.js";

/** What the page of a document says after its fields: paragraphs and lists in Markdown. */
export const DOCUMENT_TEXTS: Readonly<Record<DocumentKind, string>> = {
  App: `
## What becomes of it

| object of the Core | when |
| --- | --- |
| App | always, by \`metadata.name\`: a Core knows apps by their name alone, and two documents of one name are refused |
| Route, by host and path | one for each of \`routes\`; without \`routes\`, one for \`domain\` |
| BackupPolicy, named like the app | when there is a \`backup\` |

A route without \`service\` leads to the only service, to the one named like the app, or to the only one with \`ports\` (a note says so); otherwise it
is an error. Without
\`port\` it leads to the first TCP port of the service's \`ports\` or \`expose\`, else to 80, and a note says so.

## Variables

Texts of the Compose document are interpolated by the rules of Compose: \`$NAME\`, \`\${NAME}\`, \`\${NAME:-default}\`,
\`\${NAME-default}\`, \`\${NAME:?message}\`, \`\${NAME?message}\`, \`\${NAME:+other}\`, \`\${NAME+other}\`, and \`$$\` for a dollar
sign. Values come from \`spec.env\`, then from \`spec.source.env\` of the OverseerApp, and from nowhere else. A variable without
value and default is an error; Compose would take it for nothing. Write \`$$\` for each dollar sign of a hash or password:
\`$$2a$$12$$…\`. An entry of \`environment\` without a value takes that of
the variable, or is left out with a note.

\`\${SECRET:name}\` is a reference to a secret of the Core, also within a text and in a value of \`env\`. It is filled in on the
node; Git, the operator and the status never hold the value. \`$\${SECRET:name}\` is plain text.

## Compose

The document is checked before anything is applied. Each problem names file, line and field. Every key is checked as Compose checks
it (durations, sizes, numbers and text, lists and mappings, unknown keys), and so are keys that contradict each other. What a node
cannot do is refused:

| what | instead |
| --- | --- |
| \`build\` without \`image\` | build and push the image elsewhere; with an \`image\`, \`build\` is left out with a note |
| relative paths in \`volumes\`, \`env_file\`, \`secrets\` and \`configs\` | named volumes, absolute paths, \`environment\`, \`configs.content\`: the repository's files are not on the node |
| \`include\` | name the files in \`composeFiles\`, or use \`extends\` with \`file\` |
| a route to a service with \`profiles\`, or a dependency on one | take the profiles away: a node turns none on |

\`version\` and \`name\` are left out: Compose ignores the one, and the project is named after the app. A named volume that
\`volumes\` does not define is added. Numbers in \`command\` and \`entrypoint\` become text. \`cpus\`, \`mem_limit\`, \`mem_reservation\` and
\`pids_limit\` are repeated in \`deploy.resources\` where that has others, since Compose asks for both. What is not checked is for Compose on
the node to judge.

Files, \`extends\`, \`!reset\` and \`!override\` are merged by the rules of Compose before anything is checked: variables are filled
in, then \`extends\` is resolved in each file, then each file is laid over those before it. All files have to be below
\`source.path\`. The Core gets the result, and so do nodes.

YAML is read as Compose reads it: \`yes\`, \`no\`, \`on\` and \`off\` are text.
`,
  Node: `
## What becomes of it

The configuration of the node of that name. The node itself registers with its agent; until it has, the configuration
cannot be applied.
`,
  Route: `
## What becomes of it

One Route, by host and path. The same host and path in two documents of a source are an error. A route that asks for a sign-in
provider which the Core does not have is refused, never opened without it.
`,
  Policy: `
## What becomes of it

| type | on an Overseer Core |
| --- | --- |
| \`backup\` with \`apps\` | one BackupPolicy for each app, named \`<policy>-<app>\` |
| \`backup\` without \`apps\` | one BackupPolicy for every app, named like the policy |
| \`placement\`, \`network\`, \`storage\`, \`hostAccess\` | nothing: a note says so |
`,
};
