import { systemSecretProblem } from "../../../api/core/app-backup.js";
import { CoreSecretSpec } from "../../../api/core/objects.js";
import type { SecretRecord } from "../state/core-records.js";
import { coreKind } from "./core-kind.js";

/**
 * Rules for global secrets. A Core never returns their values: a tag that only the operator can compute tells whether the value is still
 * the one that was written.
 */
export const SECRET_KIND = coreKind<SecretRecord, CoreSecretSpec>({
  kind: "Secret",
  change: "secret",
  path: "/api/secrets",
  envelope: "secret",
  spec: CoreSecretSpec,
  alwaysThere: false,
  confidential: true,
  find: (state, name) => state.globalSecret(name),
  nameOf: (record) => record.name,
  content: ({ valueTag }) => ({ value: valueTag }),
  desired: ({ tag }) => ({ value: tag }),
  show: (content) => content,
  references: () => ({}),
  refersTo: () => true,
  missing: () => [],
  refusal: (_spec, _record, _state, _abilities, name) => {
    const reserved = systemSecretProblem(name);
    return reserved === undefined ? undefined : `it ${reserved}`;
  },
  body: (_content, name, metadata, exists) => ({ ...(exists ? {} : { name }), metadata }),
  sent: ({ value, tag }) => ({ value: value.reveal(), valueTag: tag }),
  health: () => ({ status: "Healthy" }),
  pending: () => undefined,
});
