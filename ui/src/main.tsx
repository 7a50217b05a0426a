import { render } from "preact";
import { useTokenOfLink } from "./api/token-link.js";
import { App } from "./app.js";
import { startClock } from "./state/clock.js";
import { startPreferences } from "./state/preferences.js";
import { takeTokenFromAddress } from "./state/session.js";

const token = takeTokenFromAddress();
startPreferences();
startClock();
if (token !== undefined) await useTokenOfLink(token, (text) => window.confirm(text));
const root = document.getElementById("root");
if (root !== null) render(<App />, root);
