import type { AppDetail } from "../../api/types.js";
import { Code } from "../../components/code.js";
import { valueLines } from "../../diff/value-lines.js";

/** The spec of the app, as kubectl shows it. */
export function AppConfig({ app }: { readonly app: AppDetail }) {
  const { namespace, name } = app.metadata;
  return (
    <section class="stack-small">
      <p>
        Change it in Git if the app is managed by another one, or with{" "}
        <code>
          kubectl edit overseerapp {name} -n {namespace}
        </code>
        .
      </p>
      <Code label="Configuration" text={valueLines(JSON.stringify({ spec: app.spec })).join("\n")} />
    </section>
  );
}
