import { render } from "preact";

const root = document.getElementById("root");
if (root !== null) render(<main>Overseer GitOps</main>, root);
