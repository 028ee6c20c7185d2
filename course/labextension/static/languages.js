// The reader's view of a course notebook in JupyterLab and Notebook 7: one language, or two side by side.
// Only a view: cells and outputs always hold every language, languages.css shows what <body data-nl-languages> names.

const NAME = "nn-linear-by-hand";
const LANGUAGES = { ru: "Русский", zh: "中文", en: "English" };
const DEFAULT = ["ru", "zh"];
const MOST = 2; // columns
const FRAMES = 20; // of the screen: so long do JupyterLab's cells find their heights after a switch

const BUTTONS = Object.keys(LANGUAGES).map((language) => `button.nn-lang-${language}`).join();
const languageOf = (button) => Object.keys(LANGUAGES).find((language) => button?.matches(`.nn-lang-${language}`));
// What a reader may focus in a text of ours: there a letter is no shortcut of the notebook, and Enter does its own.
const FOCUSABLE = `${BUTTONS}, .jp-MarkdownCell summary, :is(.nl-report, .nl-line, .nl-progress) :is(a, summary)`;

const FORMULA = ".jp-RenderedMarkdown div[lang] mjx-container";
const UNMEASURED = "113.1%"; // MathJax's guess

/** @typedef {"ru" | "zh" | "en"} Language */
/** @typedef {{view: Element, node: Element, top: number, height: number}} Place  px; top from the top of the view */

/** The languages to show for whatever stands in the setting; pure. @returns {Language[]} one or two, first one left */
export function readable(setting) {
  const known = (Array.isArray(setting) ? setting : []).filter((each) => Object.hasOwn(LANGUAGES, each));
  const languages = [...new Set(known)].slice(0, MOST);
  return languages.length ? languages : DEFAULT;
}

/** What is shown after a press on *language*; pure. A third one replaces the older of two, the last one stays. */
export function pressed(shown, language) {
  if (!shown.includes(language)) return [...shown, language].slice(-MOST);
  return shown.length > 1 ? shown.filter((each) => each !== language) : shown;
}

/** Which language's <div> a line of a prose cell stands in, if any; pure. @param {number} line counted from 0 */
export function languageAt(source, line) {
  const open = [];
  const above = source.split("\n").slice(0, line).join("\n");
  for (const [tag, language] of above.matchAll(/<\/?div\b(?:[^>]*?\slang="(\w+)")?[^>]*>/g)) {
    if (tag.startsWith("</")) open.pop();
    else open.push(language);
  }
  return open.findLast(Boolean);
}

/** Where *place* belongs once its node is *height* px high; pure. Half read stays half read. */
export function topOf(place, height) {
  return place.top < 0 ? (place.top * height) / place.height : place.top;
}

/**
 * The language of a heading in the table of contents, if it has one: from the source of its cell or output.
 * @param {number} twins  how many headings before it there say the same: "nn.Linear" does in every language
 */
function languageOfHeading({ cellRef: cell, outputIndex: index, level, line, text }, twins) {
  const data = index === undefined ? {} : (cell.model.outputs?.get(index)?.data ?? {});
  const joined = (type) => [data[type] ?? []].flat().join("");
  if (data["text/html"]) {
    const page = new DOMParser().parseFromString(joined("text/html"), "text/html");
    const same = [...page.querySelectorAll(`h${level}`)].filter((each) => each.textContent === text);
    return same[twins]?.closest("[lang]")?.lang;
  }
  const source = index === undefined ? cell.model.sharedModel.getSource() : joined("text/markdown");
  return Number.isInteger(line) ? languageAt(source, line) : undefined;
}

/** Where the reader is in each notebook: at the *button* just used, else at the first cell in view. @returns {Place[]} */
function places(button) {
  const views = [...document.querySelectorAll(".jp-WindowedPanel-outer")].filter((view) => view.offsetParent);
  return views.flatMap((view) => {
    const edge = view.getBoundingClientRect().top;
    const isInView = (cell) => cell.getBoundingClientRect().bottom > edge + 1;
    const node = view.contains(button) ? button : [...view.querySelectorAll(".jp-Cell")].find(isInView);
    const box = node?.getBoundingClientRect();
    return node ? [{ view, node, top: box.top - edge, height: box.height }] : [];
  });
}

/** Scrolls so that every place stands where it stood. */
function restore(all) {
  for (const place of all.filter(({ node }) => node.isConnected)) {
    const box = place.node.getBoundingClientRect();
    place.view.scrollTop += box.top - place.view.getBoundingClientRect().top - topOf(place, box.height);
  }
}

/** Does *change*, and holds the place for some frames more, unless the reader scrolls, presses or switches again. */
let holding = new AbortController();
function keepingPlace(change, button) {
  holding.abort();
  const { signal } = (holding = new AbortController());
  for (const event of ["wheel", "touchmove", "mousedown", "keydown"]) {
    window.addEventListener(event, () => holding.abort(), { capture: true, passive: true, signal });
  }
  const all = places(button);
  change();
  const hold = (frame) => {
    if (signal.aborted) return;
    restore(all);
    if (frame < FRAMES) requestAnimationFrame(() => hold(frame + 1));
    else holding.abort();
  };
  hold(0);
}

/** A formula that was hidden when MathJax set it, and so had no size to measure, takes that of the others. */
function setSize({ style }) {
  if (style.fontSize === UNMEASURED) style.fontSize = `var(--nl-formula, ${UNMEASURED})`;
  else if (style.fontSize.endsWith("%")) document.body.style.setProperty("--nl-formula", style.fontSize);
}

const within = (node, selector) => [...(node.matches(selector) ? [node] : []), ...node.querySelectorAll(selector)];

/** The JupyterLab plugin, for the *tokens* that only JupyterLab can give: {settings, contents}, either may be undefined. */
export function plugin(tokens) {
  const given = Object.entries(tokens).filter(([, token]) => token);
  return {
    id: `${NAME}:plugin`,
    description: "Languages side by side in the notebooks of the course, and a switch for them.",
    autoStart: true,
    optional: given.map(([, token]) => token),
    activate: (app, ...services) => activate(app, Object.fromEntries(given.map(([name], at) => [name, services[at]]))),
  };
}

/** JupyterLab shows itself when this has resolved: the choice is known before the first cell is drawn. */
async function activate(app, { settings: registry, contents }) {
  let shown = DEFAULT;
  let saving = Promise.resolve();
  let unsaved = 0;

  const settings = await registry?.load(`${NAME}:plugin`).catch((error) => {
    console.warn(`${NAME}: the setting cannot be read, so ${DEFAULT.join(" and ")} are shown.`, error);
  });

  /** The one place that draws what *shown* says. */
  function draw() {
    document.body.dataset.nlLanguages = shown.join(" ");
    document.body.dataset.nlCount = shown.length;
    document.querySelectorAll(BUTTONS).forEach(prepare);
    drawContents();
    Object.keys(LANGUAGES).forEach((language) => app.commands.notifyCommandChanged(`${NAME}:${language}`));
  }

  /** Whatever of ours came into the page gets what JupyterLab's sanitiser takes out of a notebook. */
  function prepare(element) {
    element.dataset.lmSuppressShortcuts = "true"; // on each one, for on a parent it would do nothing
    const language = languageOf(element);
    if (!language) return;
    element.lang = language;
    element.setAttribute("aria-pressed", shown.includes(language));
    element.parentElement.setAttribute("role", "group");
    element.parentElement.setAttribute("aria-label", "Языки · 语言 · Languages");
  }

  /** Takes the headings of hidden languages out of the table of contents, which lists the model's headings in order. */
  function drawContents() {
    const headings = contents?.get(app.shell.currentWidget)?.headings ?? [];
    let next = 0;
    for (const item of document.querySelectorAll(".jp-TableOfContents .jp-tocItem")) {
      const text = item.querySelector(".jp-tocItem-content")?.title;
      const at = headings.findIndex((heading, index) => index >= next && heading.text === text);
      const heading = headings[at];
      if (heading) next = at + 1;
      const isTwin = (each) => ["cellRef", "outputIndex", "level", "text"].every((key) => each[key] === heading[key]);
      const language = heading && languageOfHeading(heading, headings.slice(0, at).filter(isTwin).length);
      item.toggleAttribute("data-nl-hidden", Boolean(language in LANGUAGES && !shown.includes(language)));
    }
  }

  function show(languages, button) {
    if (languages.join() === shown.join()) return;
    keepingPlace(() => {
      shown = languages;
      draw();
    }, button);
  }

  function press(language, button) {
    show(pressed(shown, language), button);
    if (!settings) return;
    unsaved += 1; // one write after the other: two at once could come out in either order
    saving = saving
      .then(() => settings.set("languages", shown))
      .catch((error) => console.warn(`${NAME}: the choice cannot be saved, and holds for this page only.`, error))
      .finally(() => (unsaved -= 1));
  }

  function cellOf(target) {
    const notebook = app.shell.currentWidget?.content;
    const cell = notebook?.widgets?.find((each) => each.node.contains(target));
    return cell ?? (notebook?.node?.contains(target) ? notebook.activeCell : undefined);
  }
  /** A prose cell that its author has locked, as it is read; one that is open for editing is JupyterLab's alone. */
  function isLocked(target) {
    const cell = cellOf(target);
    return Boolean(cell?.rendered) && cell.model.getMetadata("editable") === false;
  }
  function isOfTheCourse(widget) {
    const prose = (widget?.content?.widgets ?? []).filter(({ model }) => model.type === "markdown");
    return prose.some(({ model }) => /<div lang="/.test(model.sharedModel.getSource()));
  }

  // In the window's capture phase, before JupyterLab: a press would select the cell, a double click or Enter open it.
  const early = (event, handle) => window.addEventListener(event, handle, { capture: true });
  early("mousedown", (event) => {
    if (event.button === 0 && event.target.closest?.(BUTTONS)) {
      event.preventDefault(); // the focus stays where it is
      event.stopPropagation();
    }
  });
  early("click", (event) => {
    const button = event.target.closest?.(BUTTONS);
    const language = languageOf(button);
    if (language) press(language, button);
  });
  early("dblclick", (event) => {
    const isOurs = event.target.closest?.(`${BUTTONS}, .jp-MarkdownCell summary`);
    if (isOurs || (!event.altKey && isLocked(event.target))) event.stopImmediatePropagation(); // Alt: for authors
  });
  early("keydown", (event) => {
    const isPlainEnter = event.key === "Enter" && !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    const isTaken = event.target.closest?.("button, summary, a, input, select, textarea, jp-button");
    if (isPlainEnter && !isTaken && isLocked(event.target)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  });

  for (const [language, name] of Object.entries(LANGUAGES)) {
    app.commands.addCommand(`${NAME}:${language}`, {
      label: name,
      caption: `Показать или скрыть · 显示或隐藏 · Show or hide: ${name}`,
      isToggleable: true,
      isToggled: () => shown.includes(language),
      isVisible: () => isOfTheCourse(app.shell.currentWidget),
      execute: () => press(language),
    });
  }

  // Cells are drawn as they come into view and again when they run; React draws the table of contents when it likes.
  new MutationObserver((records) => {
    for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      within(node, FOCUSABLE).forEach(prepare);
      within(node, FORMULA).forEach(setSize);
    }
    const table = document.querySelector(".jp-TableOfContents");
    if (table && records.some(({ target }) => table.contains(target))) drawContents();
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["title"] });

  settings?.changed.connect(() => {
    if (!unsaved) show(readable(settings.composite.languages));
  });
  app.shell.currentChanged?.connect(() => {
    draw();
    app.shell.currentWidget?.context?.ready?.then(draw);
  });
  shown = readable(settings?.composite.languages);
  draw();
}
