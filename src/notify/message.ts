import type { Topic } from "../api/notification-channel.js";

/** How much a message matters. */
export type Severity = "info" | "warning" | "critical";

/** One message, before it is written in the form of a provider. No part may contain a secret value. */
export interface Message {
  readonly topic: Topic | "Test";
  readonly severity: Severity;
  /** One line. */
  readonly title: string;
  readonly lines: readonly string[];
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** Page for people; undefined if none is configured. */
  readonly url: string | undefined;
  /** The same for each attempt to send the message, so that receivers can drop a repetition. */
  readonly key: string;
  /** Key of the message that this one ends, for Recovered. */
  readonly endsKey: string | undefined;
  /** When it happened, in milliseconds since the epoch. */
  readonly time: number;
  /** Apps that it is about, for providers that keep one alert for each. */
  readonly apps: readonly AlertedApp[];
}

/** One app of a message. */
export interface AlertedApp {
  readonly namespace: string;
  readonly name: string;
  readonly environment: string | undefined;
  /** Topic of the problem: that of the message, or for Recovered that of the problem that is over. */
  readonly topic: Topic;
  /** When the problem began, in milliseconds since the epoch. */
  readonly since: number;
  /** When it ended; undefined while it lasts. */
  readonly until: number | undefined;
  readonly text: string;
}

/** Returns how much a topic matters. */
export function severityOf(topic: Message["topic"]): Severity {
  if (topic === "Failed" || topic === "Degraded") return "critical";
  return topic === "Drifted" || topic === "Contested" || topic === "BreakGlass" ? "warning" : "info";
}

/** Colors for severities, as RGB. Recovered and Succeeded are green. */
export function colorOf({ topic, severity }: Pick<Message, "topic" | "severity">): number {
  if (topic === "Recovered" || topic === "Succeeded") return 0x2da44e;
  return { info: 0x0969da, warning: 0xbf8700, critical: 0xcf222e }[severity];
}

/** Returns a message as plain text, the title first. */
export function plainText({ title, lines, fields, url }: Message): string {
  const facts = fields.map(({ name, value }) => `${name}: ${value}`);
  return [title, ...lines, ...facts, ...(url === undefined ? [] : [url])].join("\n");
}

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
