import type { ProviderName, ProviderSettings } from "../../api/notify-providers.js";
import type { HttpProvider } from "../provider.js";
import { alertmanager } from "./alertmanager.js";
import { discord } from "./discord.js";
import { gotify } from "./gotify.js";
import { matrix } from "./matrix.js";
import { ntfy } from "./ntfy.js";
import { slack } from "./slack.js";
import { teams } from "./teams.js";
import { telegram } from "./telegram.js";
import { webhook } from "./webhook.js";

/** Providers that are reached by HTTP. E-mail is the one that is not. */
export const HTTP_PROVIDERS: { readonly [N in Exclude<ProviderName, "email">]: HttpProvider<ProviderSettings<N>> } = {
  slack,
  discord,
  teams,
  matrix,
  ntfy,
  gotify,
  telegram,
  webhook,
  alertmanager,
};

/** Least time between two messages to a channel, in milliseconds. Telegram permits 20 a minute to a group. */
export const SPACING_MS: Readonly<Record<ProviderName, number>> = {
  slack: 1_000,
  discord: 1_000,
  teams: 1_000,
  matrix: 500,
  ntfy: 500,
  gotify: 100,
  telegram: 3_000,
  email: 500,
  webhook: 100,
  alertmanager: 100,
};
