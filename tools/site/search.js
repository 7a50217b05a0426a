// Search over an index that is loaded when the search field gets the focus. No service is needed, and the site works from files.
const root = document.currentScript.dataset.root;
const input = document.getElementById("search");
const list = document.getElementById("found");
let loading;

function load() {
  loading ??= new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = `${root}search-index.js`;
    script.onload = () => resolve(globalThis.searchIndex);
    document.head.append(script);
  });
  return loading;
}

/** Pages with all words; those with the words in a title or heading first. */
function find(index, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const score = ({ title, headings, words: own }) => {
    let sum = 0;
    for (const word of words) {
      const inTitle = title.toLowerCase().includes(word);
      const inHeading = headings.some(([text]) => text.toLowerCase().includes(word));
      if (!inTitle && !inHeading && !own.includes(word)) return 0;
      sum += inTitle ? 10 : inHeading ? 4 : 1;
    }
    return sum;
  };
  return index
    .map((page) => ({ page, score: score(page) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, 20)
    .map(({ page }) => {
      const heading = page.headings.find(([text]) => words.every((word) => text.toLowerCase().includes(word)));
      return { ...page, heading };
    });
}

async function show() {
  const index = await load();
  const found = find(index, input.value);
  list.replaceChildren(
    ...found.map(({ path, title, heading }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `${root}${path}${heading === undefined ? "" : `#${heading[1]}`}`;
      link.textContent = heading === undefined || heading[0] === title ? title : `${title}: ${heading[0]}`;
      item.append(link);
      return item;
    }),
  );
  list.hidden = found.length === 0;
}

input.addEventListener("focus", load);
input.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") list.hidden = true;
});

// Beside the page there is room for the menu.
if (matchMedia("(min-width: 50rem)").matches) document.querySelector(".menu").open = true;
