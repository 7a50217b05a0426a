/** What a browser showed while it scrolled. */
export interface Scrolled {
  readonly frames: number;
  /** Frames in whose middle was a row that had not been loaded yet. */
  readonly placeholders: number;
  /** Frames in whose middle was no row at all. */
  readonly blank: number;
  readonly mostElements: number;
  readonly mostRows: number;
}

/** Script that scrolls from the first to the last row, three quarters of a screen each frame, and returns `Scrolled`. */
export const scrollThrough = `new Promise((resolve) => {
  const seen = { frames: 0, placeholders: 0, blank: 0, mostElements: 0, mostRows: 0 };
  scrollTo(0, document.querySelector(".rows").offsetTop);
  const frame = () => {
    seen.frames++;
    const row = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest(".rows-item");
    if (!row) seen.blank++;
    else if (row.querySelector(".app-row-empty")) seen.placeholders++;
    seen.mostElements = Math.max(seen.mostElements, document.getElementsByTagName("*").length);
    seen.mostRows = Math.max(seen.mostRows, document.getElementsByClassName("rows-item").length);
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 2) return resolve(seen);
    scrollBy(0, innerHeight * 0.75);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(() => requestAnimationFrame(frame));
})`;
