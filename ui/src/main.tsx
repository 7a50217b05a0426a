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
// What the document shows until here is not part of the app.
root?.replaceChildren();
if (root !== null) render(<App />, root);
