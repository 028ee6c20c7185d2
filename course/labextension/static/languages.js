// The reader's view of a course notebook in JupyterLab and Notebook 7: one language, or two side by side.
// Only a view: cells and outputs always hold every language, languages.css shows what <body data-nl-languages> names.

const NAME = "nn-linear-by-hand";
const LANGUAGES = { ru: "Русский", zh: "中文", en: "English" };
const DEFAULT = ["ru", "zh"];
const MOST = 2; // columns
const FRAMES = 20; // of the screen: so long do JupyterLab's cells find their heights after a switch

const BUTTONS = Object.keys(LANGUAGES).map((language) => `button.nn-lang-${language}`).join();
// What a reader may focus in a text of ours: there a letter is no shortcut of the notebook, and Enter is the element's own.
const FOCUSABLE = `${BUTTONS}, .jp-RenderedHTMLCommon summary, .nl-report summary, .nl-report a`;

/** @typedef {"ru" | "zh" | "en"} Language */
/** @typedef {{node: Element, top: number, height: number}} Place  px; top is counted from the top of the notebook's view */

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

/** The language of an entry in the table of contents, from the source of the cell or of the output it came from. */
function languageOfHeading(heading) {
  const { cellRef: cell, outputIndex: index, line } = heading;
  const data = index === undefined ? {} : (cell.model.outputs?.get(index)?.data ?? {});
  if (data["text/html"]) {
    const page = new DOMParser().parseFromString([data["text/html"]].flat().join(""), "text/html");
    const same = [...page.querySelectorAll(`h${heading.level}`)].find((each) => each.textContent === heading.text);
    return same?.closest("[lang]")?.lang;
  }
  const source = index === undefined ? cell.model.sharedModel.getSource() : [data["text/markdown"] ?? ""].flat().join("");
  return Number.isInteger(line) ? languageAt(source, line) : undefined;
}

/** Where the reader is in each open notebook: at the button just used, else at the first cell in view. @returns {Place[]} */
function places(button) {
  const views = [...document.querySelectorAll(".jp-WindowedPanel-outer")].filter((view) => view.offsetParent);
  return views.flatMap((view) => {
    const edge = view.getBoundingClientRect().top;
    const inView = () => [...view.querySelectorAll(".jp-Cell")].find((cell) => cell.getBoundingClientRect().bottom > edge + 1);
    const node = view.contains(button) ? button : inView();
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

/** The JupyterLab plugin, from the two tokens that only JupyterLab can give; one that is missing is undefined. */
export function plugin(settingsToken, contentsToken) {
  return {
    id: `${NAME}:plugin`,
    description: "Languages side by side in the notebooks of the course, and a switch for them.",
    autoStart: true,
    optional: [settingsToken, contentsToken].filter(Boolean),
    activate: (app, ...services) => {
      const service = (wanted) => wanted && services[[settingsToken, contentsToken].filter(Boolean).indexOf(wanted)];
      return activate(app, service(settingsToken), service(contentsToken));
    },
  };
}

/** JupyterLab shows itself when this has resolved: the choice is known before the first cell is drawn. */
async function activate(app, registry, contents) {
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
    element.dataset.lmSuppressShortcuts = "true"; // on each one: on a parent it would not do
    const language = Object.keys(LANGUAGES).find((each) => element.matches(`button.nn-lang-${each}`));
    if (!language) return;
    element.type = "button";
    element.lang = language;
    element.ariaPressed = shown.includes(language);
    element.parentElement.role = "group";
    element.parentElement.ariaLabel = "Языки · 语言 · Languages";
  }

  /** Takes the headings of hidden languages out of the table of contents, which lists the model's headings in order. */
  function drawContents() {
    const headings = contents?.get(app.shell.currentWidget)?.headings ?? [];
    let next = 0;
    for (const item of document.querySelectorAll(".jp-TableOfContents .jp-tocItem")) {
      const text = item.querySelector(".jp-tocItem-content")?.title;
      const at = headings.findIndex((heading, index) => index >= next && heading.text === text);
      if (at >= 0) next = at + 1;
      const language = at >= 0 && languageOfHeading(headings[at]);
      item.toggleAttribute("data-nl-hidden", language in LANGUAGES && !shown.includes(language));
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
      .catch((error) => console.warn(`${NAME}: the choice of languages holds for this page only, it cannot be saved.`, error))
      .finally(() => (unsaved -= 1));
  }

  function cellOf(target) {
    const notebook = app.shell.currentWidget?.content;
    const cell = notebook?.widgets?.find((each) => each.node.contains(target));
    return cell ?? (notebook?.node?.contains(target) ? notebook.activeCell : undefined);
  }
  const isLocked = (target) => {
    const cell = cellOf(target);
    return Boolean(cell?.rendered) && cell.model.getMetadata("editable") === false;
  };
  const isOfTheCourse = (widget) =>
    Boolean(widget?.content?.widgets?.some(({ model }) => model.type === "markdown" && /<div lang="/.test(model.sharedModel.getSource())));

  // In the window's capture phase: JupyterLab would select the cell on a press, and open its source on a double click or Enter.
  const early = (event, handle) => window.addEventListener(event, handle, { capture: true });
  early("mousedown", (event) => {
    if (event.button === 0 && event.target.closest?.(BUTTONS)) {
      event.preventDefault(); // the focus stays where it is
      event.stopPropagation();
    }
  });
  early("click", (event) => {
    const button = event.target.closest?.(BUTTONS);
    const language = Object.keys(LANGUAGES).find((each) => button?.matches(`.nn-lang-${each}`));
    if (language) press(language, button);
  });
  early("dblclick", (event) => {
    const isOurs = event.target.closest?.(`${BUTTONS}, .jp-MarkdownCell summary`);
    if (isOurs || (!event.altKey && isLocked(event.target))) event.stopImmediatePropagation(); // Alt: for authors
  });
  early("keydown", (event) => {
    const isPlainEnter = event.key === "Enter" && !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    if (isPlainEnter && !event.target.closest?.("button, summary, a, input, textarea, select") && isLocked(event.target)) {
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
      if (node.matches(FOCUSABLE)) prepare(node);
      node.querySelectorAll(FOCUSABLE).forEach(prepare);
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
