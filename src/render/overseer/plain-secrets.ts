import { tokenIn } from "../../manifest/credential.js";
import { showPath } from "../../manifest/field-path.js";
import { isPasswordName } from "../../manifest/secret-name.js";
import { isRecord } from "../../manifest/shape.js";
import type { Runtime } from "./compose/runtime.js";
import type { Mapping } from "./compose/shape.js";
import type { Reporter } from "./reporter.js";

/** Values that are not secrets: empty, a Boolean, a small number, a path or a URL. */
const HARMLESS = /^(?:|true|false|yes|no|on|off|none|null|[0-9]{1,4}|\/.*|https?:\/\/.*)$/i;
/** Maximum number of variables named in the note. */
const SHOWN = 5;

/** Reports `environment` entries that look like plain-text passwords, in one note per app and without values. */
export function notePlainSecrets(compose: Mapping, report: Reporter, runtime: Runtime = "node"): void {
  const [first, ...others] = plainSecrets(compose);
  if (first === undefined) return;
  const names = others.slice(0, SHOWN).map(({ name }) => name);
  const more = others.length > SHOWN ? ` and ${others.length - SHOWN} more` : "";
  const also = others.length === 0 ? "" : ` (also ${names.join(", ")}${more})`;
  const store = runtime === "node" ? "the Core" : "a Secret";
  report
    .at(...first.path)
    .readable(`looks like ${first.what} in plain text${also}: store it in ${store} and write \${SECRET:name}`);
}

interface PlainSecret {
  readonly path: readonly (string | number)[];
  /** `service.VARIABLE`. */
  readonly name: string;
  readonly what: string;
}

function plainSecrets({ services }: Mapping): PlainSecret[] {
  return Object.entries(isRecord(services) ? services : {}).flatMap(([service, content]) => {
    const environment = isRecord(content) ? content.environment : undefined;
    return entriesOf(environment).flatMap(({ key, step, value }) => {
      const what = plainSecret(key, value);
      if (what === undefined) return [];
      return [{ path: ["services", service, "environment", step], name: showPath([service, key]), what }];
    });
  });
}

function entriesOf(environment: unknown): { key: string; step: string | number; value: unknown }[] {
  if (Array.isArray(environment)) {
    return environment.map((item: unknown, step) => {
      const [, key = "", value] = typeof item === "string" ? (/^([^=]*)=(.*)$/s.exec(item) ?? []) : [];
      return { key, step, value };
    });
  }
  return Object.entries(isRecord(environment) ? environment : {}).map(([key, value]) => ({ key, step: key, value }));
}

function plainSecret(name: string, value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const token = tokenIn(value);
  if (token !== undefined || !isPasswordName(name)) return token;
  return HARMLESS.test(value) || value.includes("${SECRET:") ? undefined : "a password";
}
