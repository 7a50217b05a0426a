import type { DocumentKind } from "../../src/api/documents/documents.js";

/** Text after the field table on the page of each kind, in Markdown. */
export const DOCUMENT_TEXTS: Readonly<Record<DocumentKind, string>> = {
  App: `
## Generated objects

On Kubernetes, see [Compose apps on Kubernetes](../compose-on-kubernetes.md).

| object in the Core | created |
| --- | --- |
| App | always, with \`metadata.name\` as its name. A Core identifies apps by name only, so two documents with the same name are rejected |
| Route, identified by host and path | one per entry of \`routes\`; without \`routes\`, one for \`domain\` |
| BackupPolicy, named like the app | if \`backup\` is set |

If a route does not set \`service\`, the only service is used, else the one with the name of the app, else the only one with \`ports\`
(reported as a note). Otherwise the document is rejected. If a route does not set \`port\`, the first TCP port of the service's
\`ports\` or \`expose\` is used, else 80 (reported as a note).

## Differences between environments

\`source.overlay\` of an OverseerApp names a directory with partial Apps, for example \`environments/staging\`. Each is merged over the
App with its \`metadata.name\` in \`source.path\`, so that an environment has only what is different in it:

\`\`\`yaml
apiVersion: overseer.io/v1
kind: App
metadata:
  name: nextcloud
spec:
  domain: cloud.staging.example.com
  compose:
    services:
      nextcloud:
        image: nextcloud:29
\`\`\`

\`compose\` is merged as Compose merges an override file, with \`!reset\` and \`!override\`. All other fields are merged as a JSON merge
patch: mappings are merged, \`null\` removes a field, lists and values are replaced. A partial App that matches no App, or more than
one, is an error. Other documents of the directory are added to the source. \`include\` and \`exclude\` do not apply to the directory,
and a partial App cannot have \`composeFiles\`. Problems are reported in the file that the field comes from.

JSON Schema of partial Apps: [schemas/overseer.io/v1/partial-app.json](../../schemas/overseer.io/v1/partial-app.json). \`overseer validate
environments/staging\` checks a directory by it.

## Variables

Variables in the Compose document are interpolated as in Compose: \`$NAME\`, \`\${NAME}\`, \`\${NAME:-default}\`,
\`\${NAME-default}\`, \`\${NAME:?message}\`, \`\${NAME?message}\`, \`\${NAME:+other}\` and \`\${NAME+other}\`; \`$$\` is a dollar
sign. Values come from \`spec.env\`, then from \`spec.source.env\` of the OverseerApp, and from no other place. Unlike in Compose, a
variable without a value and a default is an error. Write \`$$\` for each dollar sign of a hash or password:
\`$$2a$$12$$…\`. An entry of \`environment\` without a value gets the value of the variable with its name, or is dropped
with a note if there is none.

\`\${SECRET:name}\` refers to a secret of the Core. It may be part of a text and of a value of \`env\`. The value is filled in on the
node; Git, the operator and the status never contain it. Write \`$\${SECRET:name}\` for the literal text.
On a node, \`docker inspect\` shows the values of \`environment\`. Pass a secret as a file, which it does not show, by an external secret
of Compose, whose \`name\` is that of the secret of the Core:

\`\`\`yaml
services:
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/password
    secrets: [password]
secrets:
  password:
    external: true
    name: wiki-db-password
\`\`\`

On Kubernetes, \`name\` is an existing Secret with the key \`value\`. A file with more than a secret is \`content\` of \`configs\`, which may
contain \`\${SECRET:name}\`. A changed text or secret replaces the containers of the service at the next deployment.

## Compose

The Compose document is validated before anything is applied; each problem is reported with file, line and field. Every key is
checked as in Compose (durations, sizes, numbers and strings, lists and mappings, unknown keys), and so are keys that contradict
each other. Features that a node does not support are rejected:

| rejected | alternative |
| --- | --- |
| \`build\` without \`image\` | build and push the image elsewhere. With \`image\`, \`build\` is ignored with a note |
| relative paths in \`volumes\`, \`secrets\` and \`configs\` | named volumes, absolute paths or \`configs.content\`: the files of the repository are not on the node |
| a route to, or a dependency on, a service with \`profiles\` | remove the profiles: nodes do not enable any |

Variables of files in \`env_file\` are read from the repository and become \`environment\`. As in Compose, their values may refer to variables of
the app, and otherwise to \`environment\` of the service. Those of a file that is
[encrypted with SOPS](../sources/sops.md) become secrets of the Core with the name \`<app>.ENV_FILE.<service>.<variable>\`, which the container gets when it is
created: no file on the node has them. No other app may refer to them: the document is refused, and the Core gives them to no other app. With \`restart: {}\` in the source, a changed value [deploys the app again](../secrets/restart.md#on-an-overseer-core).
On Kubernetes they are in the Secret \`<app>-<service>-env\`, and a changed value replaces the pods of the service.
A name in \`environment\` without a value gets that of the app's variable. Without one, it keeps the value of \`env_file\`; Compose would remove it.

\`version\` and \`name\` are ignored: Compose ignores \`version\` too, and the project is named after the app. A named volume that
\`volumes\` does not define is added. Numbers in \`command\` and \`entrypoint\` become strings. \`cpus\`, \`mem_limit\`,
\`mem_reservation\` and \`pids_limit\` are copied to \`deploy.resources\` if that has other values, since Compose requires both.
Everything else is validated by Compose on the node.

Files, \`extends\`, \`!reset\` and \`!override\` are merged as in Compose before validation: variables are interpolated, then
\`extends\` is resolved in each file, then each file is merged over the previous ones. All files must be below
\`source.path\`. The Core and the nodes get the result.

YAML is read as Compose reads it: \`yes\`, \`no\`, \`on\` and \`off\` are strings.
`,
  Node: `
## Generated objects

The configuration of the node with this name. The node itself is registered by its agent; the configuration cannot be applied
before that.
`,
  Route: `
## Generated objects

One Route, identified by host and path. Two documents of a source with the same host and path are rejected. A route with a
sign-in provider that the Core does not have is rejected; it is never applied without the provider.
`,
  Policy: `
## Generated objects

| type | on an Overseer Core |
| --- | --- |
| \`backup\` with \`apps\` | one BackupPolicy per app, named \`<policy>-<app>\` |
| \`backup\` without \`apps\` | one BackupPolicy for all apps, named like the policy |
| \`placement\` | part of the apps of the same source: labels that their nodes must have, besides \`nodeLabels\` of the app, which take precedence |
| \`resources\` | part of the apps of the same source: \`deploy.resources.limits\` of each service without limits. Higher limits of a service are refused |
| \`network\`, \`hostAccess\` | part of the apps of the same source: the agent refuses what they deny, also if its flags allow it. They allow nothing that the flags do not allow. Isolated apps publish ports on 127.0.0.1 only, and share no network |
| \`storage\` | no effect; reported as a note |
`,
  Secret: `
## Generated objects

| destination | objects |
| --- | --- |
| Kubernetes | one Secret with the name of the document and its keys |
| Overseer Core | one global secret for each key, named \`<name>.<key>\`; for the key \`value\`, named like the document |

An app refers to a key by \`\${SECRET:db.password}\`, and to the key \`value\` by \`\${SECRET:db}\`, on both. Secrets are written before apps.
An existing secret of the same name that no app manages is not overwritten, unless \`sync.adopt\` is \`Always\`.

All values are read before anything is written. If one is missing, the app names all that are, with file and line, and its live objects stay
as they are. See [secrets from stores](../secrets/stores.md).
`,
};
