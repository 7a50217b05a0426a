import { type AboutRequest, isAboutSecrets, withoutSecretWarnings } from "../refusal-text/secret-answer.js";

/** Parses the texts of `Warning` headers (`299 - "text"`). Those about a Secret may quote it and are replaced. */
export function warningsOf(header: string | string[] | undefined, request: AboutRequest): readonly string[] {
  if (header === undefined) return [];
  const text = Array.isArray(header) ? header.join(", ") : header;
  const warnings = [...text.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? "").replace(/\\(.)/g, "$1"),
  );
  return isAboutSecrets(request) ? withoutSecretWarnings(warnings, request.path) : warnings;
}
