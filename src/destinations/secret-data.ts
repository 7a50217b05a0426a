/** The data of a Secret (base64 values), and how messages call it. */
export interface SecretData {
  readonly where: string;
  readonly data: Readonly<Record<string, string>>;
}
