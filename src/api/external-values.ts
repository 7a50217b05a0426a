import { z } from "zod";
import { atomicList, atomicMap, objectName } from "./fields.js";

const kind = z
  .enum(["ConfigMap", "Secret"])
  .describe("Kind of the object: ConfigMap or Secret. It is read as the ServiceAccount of the app, which needs get.");
const name = objectName("Name of the object, in the namespace of the app.");
const optional = z
  .boolean()
  .optional()
  .describe("If true, a missing object is ignored. Otherwise the app waits for it. Defaults to false.");

/** A ConfigMap or Secret whose keys are variables. */
export const VariablesReference = z.object({ kind, name, optional }).describe("A ConfigMap or Secret with variables.");
export type VariablesReference = z.infer<typeof VariablesReference>;

/** Variables of rendered documents. */
export const SubstituteSource = z
  .object({
    variables: z
      .record(z.string(), z.string().max(16_384))
      .meta({ maxProperties: 100 })
      .optional()
      .describe(
        "Values by name. They override those of from, except that an empty value only declares the name. Must not be secrets: they are visible in the status.",
      ),
    from: atomicList(
      VariablesReference,
      20,
      "ConfigMaps and Secrets whose keys are names of variables. Later ones override earlier ones.",
    ).optional(),
  })
  .describe(
    "Replaces ${NAME} in rendered documents, for the names that are declared here and no others. ${NAME:=default} and ${NAME:-default} use the default if the value is empty; $${NAME} stands for the text ${NAME}. Only with destination.kubernetes.",
  );
export type SubstituteSource = z.infer<typeof SubstituteSource>;

/** Decryption of SealedSecrets. */
export const UnsealSource = z
  .object({
    secretRef: atomicMap(
      z
        .object({ name: objectName("Name of the Secret, in the namespace of the app.") })
        .describe("Secret with private keys of Sealed Secrets, in PEM: all its entries that hold one."),
    ),
  })
  .describe(
    "Turns SealedSecrets of the source into Secrets, for clusters without the controller of Sealed Secrets. If unset, SealedSecrets are applied for their controller. The Secret is read as the ServiceAccount of the app, which needs get. With destination.overseer, they become secrets of the Core.",
  );
export type UnsealSource = z.infer<typeof UnsealSource>;

/** A Secret that has to exist before anything is written. */
export const RequiredSecret = z
  .object({
    name: objectName(
      "Name of the Secret, in the namespace of the app. It is read as the ServiceAccount of the app, which needs get.",
    ),
    keys: atomicList(
      z
        .string()
        .min(1)
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/),
      50,
      "Keys that it has to have.",
    ).optional(),
  })
  .describe("A Secret that is not in Git.");
export type RequiredSecret = z.infer<typeof RequiredSecret>;

/** Restarts of workloads. */
export const RestartSource = z
  .object({
    from: atomicList(
      VariablesReference,
      20,
      "Further ConfigMaps and Secrets, which are not in the source, in the namespace of the app. Only with destination.kubernetes.",
    ).optional(),
  })
  .describe(
    "Restarts workloads when the content of a ConfigMap or Secret changes that their pods use, by a keyed checksum in the annotation gitops.overseer.io/config-checksum of the pod template. {} covers those of the source. With destination.overseer, an app is deployed again when the value of a secret changes that it uses. If unset, nothing is restarted.",
  );
export type RestartSource = z.infer<typeof RestartSource>;

/** Decryption of files. */
export const Decryption = z
  .object({
    provider: z.enum(["sops"]).describe("Program that encrypted the files: sops."),
    secretRef: atomicMap(
      z
        .object({ name: objectName("Name of the Secret, in the namespace of the app.") })
        .describe(
          "Secret with keys of age in entries whose names end in .agekey. For keys of PGP and of clouds, which the program sops uses: entries whose names end in .asc, and sops.aws-kms, sops.gcp-kms and sops.azure-kv.",
        ),
    ),
  })
  .describe(
    "Decrypts files of the source that are encrypted with SOPS, before anything else reads them. Their documents are masked wherever they are shown. The Secret is read as the ServiceAccount of the app, which needs get. With destination.overseer, encrypted Secrets become secrets of the Core.",
  );
export type Decryption = z.infer<typeof Decryption>;

/** A ConfigMap or Secret with values of a chart. */
export const ValuesReference = z
  .object({
    kind,
    name,
    valuesKey: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[-._a-zA-Z0-9]+$/)
      .optional()
      .describe("Key of the values. Defaults to values.yaml."),
    targetPath: z
      .string()
      .min(1)
      .max(250)
      .regex(/^([a-zA-Z0-9_/-]|\\\.)+(\.([a-zA-Z0-9_/-]|\\\.)+)*$/)
      .optional()
      .describe(
        "Path of one value, for example database.password; a dot in a name is written as \\. and list indexes are not supported. If set, the key holds this value alone, whose type is recognized as by helm --set; in quotes, it is a string. If unset, the key holds values as YAML.",
      ),
    optional,
  })
  .describe("A ConfigMap or Secret with values.");
export type ValuesReference = z.infer<typeof ValuesReference>;
