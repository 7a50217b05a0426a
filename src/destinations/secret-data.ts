/** The data of a Secret (base64 values), and its name in messages. */
export interface SecretData {
  readonly where: string;
  readonly data: Readonly<Record<string, string>>;
}
