// One picture of the course: draws a board (course/views/board.py), steps through it, and links its entries to what they are the
// sum of. Everything it shows comes ready from Python; it computes no number and needs no kernel.
// @ts-check

/** px of air before a corner of a line is rounded */
const ROUND = 9;
/** px: how much nearer the axis of an arrow key counts than the distance across it */
const ACROSS = 3;
const SVG = "http://www.w3.org/2000/svg";

/// <reference path="board.d.ts" />

// -- pure functions --------------------------------------------------------------------------------------------------------

/** Columns, rows and leading indices of an array that is drawn as a matrix. @param {number[]} shape */
export function grid(shape) {
  const columns = shape.length ? shape[shape.length - 1] : 1;
  const rows = shape.length > 1 ? shape[shape.length - 2] : 1;
  const leading = shape.slice(0, -2);
  const sheets = leading.reduce((product, size) => product * size, 1);
  return { columns, rows, sheets, leading };
}

/** 7 in (3, 4) is [1, 3]. @param {number} flat @param {number[]} shape */
export function unflat(flat, shape) {
  const found = [];
  for (const size of [...shape].reverse()) {
    found.unshift(flat % size);
    flat = Math.floor(flat / size);
  }
  return found;
}

/** dW[1, 3]; a single number is called by its name alone. @param {Matrix} matrix @param {number} flat */
export function entryName(matrix, flat) {
  return matrix.shape.length ? `${matrix.name}[${unflat(flat, matrix.shape).join(", ")}]` : matrix.name;
}

/** A shape as Python writes it. @param {number[]} shape */
export const shapeText = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/** What every matrix shows after a step; −1 is before the first. @param {Board} board @param {number} step */
export function stateAt(board, step) {
  /** @type {Map<string, Shown[]>} */
  const state = new Map();
  const given = new Set(board.given);
  for (const one of board.matrices) {
    const known = given.has(one.id);
    state.set(one.id, one.entries.map((text) => ({ text: known ? text : null, final: true, since: -1, sum: "", parts: [] })));
  }
  for (let number = 0; number <= step; number++) {
    for (const known of board.steps[number].known) {
      const own = board.matrices.find((one) => one.id === known.matrix)?.entries ?? [];
      const shown = state.get(known.matrix) ?? [];
      (known.at ?? own.map((_, flat) => flat)).forEach((flat, position) => {
        shown[flat] = {
          text: known.texts ? known.texts[position] : own[flat],
          final: known.final,
          since: number,
          sum: known.sums[flat] ?? "",
          parts: known.parts.map((part) => [part.matrix, part.at[flat]]),
        };
      });
    }
  }
  return state;
}

/** The widest frame that fits, or null. @param {Frame[]} frames the widest first @param {number} width px */
export const frameFor = (frames, width) => frames.find((frame) => frame.width <= width) ?? null;

/** The d of a path with rounded corners. @param {[number, number][]} points */
export function pathOf(points) {
  let d = `M${points[0]}`;
  for (let i = 1; i < points.length - 1; i++) {
    const [before, corner, after] = [points[i - 1], points[i], points[i + 1]];
    d += `L${toward(corner, before)}Q${corner} ${toward(corner, after)}`;
  }
  return `${d}L${points[points.length - 1]}`;
}

/** ROUND px from one point to another, at most half of the way. @param {[number, number]} from @param {[number, number]} to */
function toward([x, y], to) {
  const [dx, dy] = [to[0] - x, to[1] - y];
  const length = Math.hypot(dx, dy) || 1;
  const part = Math.min(ROUND, length / 2) / length;
  return [x + dx * part, y + dy * part].map((one) => Math.round(one * 10) / 10);
}

/** Which of the boxes is next in the direction of an arrow key, or −1. Each box: its centre.
 * @param {[number, number][]} centres @param {number} from @param {string} key */
export function nextIn(centres, from, key) {
  const [x, y] = centres[from];
  let best = -1;
  let least = Infinity;
  centres.forEach(([cx, cy], index) => {
    const [dx, dy] = [cx - x, cy - y];
    const along = { ArrowRight: dx, ArrowLeft: -dx, ArrowDown: dy, ArrowUp: -dy }[key] ?? 0;
    const across = key === "ArrowRight" || key === "ArrowLeft" ? Math.abs(dy) : Math.abs(dx);
    if (index === from || along < 1) return;
    const far = along + ACROSS * across;
    if (far < least) [best, least] = [index, far];
  });
  return best;
}

/** The numbers in what was typed: "(3, 4)", "3×4", "−0,5"; null where there are none. @param {string} text @param {number} count */
export function numbersIn(text, count) {
  const plain = text.replace(/[−–]/g, "-").replace(/[，、]/g, ",");
  const found = (count === 1 ? plain.replace(/(\d),(?=\d)/, "$1.") : plain).match(/-?\d+(\.\d+)?/g);
  return found ? found.map(Number) : /^\(\s*\)$/.test(plain.trim()) ? [] : null;
}

/** @param {Question} question @param {string} text */
export function answers({ answer, within }, text) {
  const found = numbersIn(text, answer.length);
  return found?.length === answer.length && found.every((one, at) => Math.abs(one - answer[at]) <= within);
}

// -- elements ----------------------------------------------------------------------------------------------------------------

/** An element. Text goes in as text, never as markup. @param {string} name @param {string} [cls]
 * @param {(Node | string | null | undefined)[]} children */
function make(name, cls = "", ...children) {
  const el = document.createElement(name);
  if (cls) el.className = cls;
  for (const child of children) if (child !== null && child !== undefined) el.append(child);
  return el;
}

/** @param {Element} root @param {string} selector */
const every = (root, selector) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);

/** A sign that is not read out; words beside it say the same. @param {string} text */
function sign(text) {
  const el = make("span", "", text);
  el.setAttribute("aria-hidden", "true");
  return el;
}

/** A field for a number; at the end it says whether Enter or Escape was pressed.
 * @param {string} cls @param {(enter: boolean) => void} ended */
function field(cls, ended) {
  const input = /** @type {HTMLInputElement} */ (focusable(make("input", `${cls} nl-in`)));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    ended(event.key === "Enter");
  });
  return input;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function svg(name, attributes) {
  const el = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, String(value));
  return el;
}

/** Makes an element focusable. The one place that does: JupyterLab's shortcuts stay silent only where the element that has the
 * focus itself says so. @template {HTMLElement} T @param {T} el @param {number} [tabindex] */
function focusable(el, tabindex) {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  if (tabindex !== undefined) el.tabIndex = tabindex;
  return el;
}

/** Words in every language, one element each; the reader's switch hides the others. @param {Words} words @param {string} [cls] */
function inLanguages(words, cls = "nl-w", name = "span") {
  const inner = name === "div" ? "p" : "span";
  const all = Object.entries(words).map(([language, text]) => {
    const one = make(inner, "", text);
    one.lang = language;
    return one;
  });
  // The space parts them where they are read out in one breath, as the name of a button.
  return make(name, cls, ...all.flatMap((one) => [one, " "]));
}

/** Words with their {fields} filled in. @param {Words} words @param {Record<string, string>} values */
const filled = (words, values) => Object.fromEntries(
  Object.entries(words).map(([language, text]) => [language, text.replace(/\{(\w+)\}/g, (_, key) => values[key])]),
);

/** @param {string} kind of a mark */
const glyph = (kind) => ({ right: "✓", absent: "–" })[kind] ?? "✗";

/** The badge on a card. @param {Board} board @param {string} kind */
const badge = (board, kind) =>
  make("span", `nl-mark nl-mark-${kind}`, sign(glyph(kind)), inLanguages(board.words[`mark_${kind}`], "nl-vh"));

/** @param {string} axis @param {number} size @param {boolean} gone */
function axisLabel(axis, size, gone) {
  const text = axis ? (axis === String(size) ? axis : `${axis} ${size}`) : String(size);
  const known = ["N", "in", "out"].includes(axis) ? ` nl-ax-${axis}` : "";
  return make(gone ? "s" : "span", `nl-ax${known}`, text);
}

/** Everything that can be lit: elements by what they stand for. */
class Register {
  constructor() {
    /** @type {Map<string, Element[]>} */
    this.all = new Map();
  }
  /** @template {Element} T @param {T} el @param {string} ref */
  put(el, ref) {
    const list = this.all.get(ref);
    if (list) list.push(el);
    else this.all.set(ref, [el]);
    return el;
  }
  /** Forgets what is no longer in *root*. @param {HTMLElement} root */
  sweep(root) {
    for (const [ref, list] of this.all) {
      const left = list.filter((el) => root.contains(el));
      if (left.length) this.all.set(ref, left);
      else this.all.delete(ref);
    }
  }
  /** Gives the class to exactly the elements of *refs*. @param {Iterable<string>} refs @param {string} cls */
  only(refs, cls) {
    const wanted = new Set(refs);
    for (const [ref, list] of this.all) for (const el of list) el.classList.toggle(cls, wanted.has(ref));
  }
}

/** A matrix with its axes. Where `place` is given it stands in its card, else it flows.
 * @param {Matrix} matrix @param {Board} board @param {Register} register @param {Place | null} place @param {string[]} gone */
function matrixElement(matrix, board, register, place, gone = []) {
  const { measures } = board;
  const { columns, rows, sheets, leading } = grid(matrix.shape);
  const whole = matrix.entries.length > 0;
  const cell = place?.cell ?? matrix.cell;
  const block = Math.max(1, place?.block || columns);
  const el = make("div", `nl-m nl-${matrix.kind}${whole ? "" : " nl-summed"}`);
  if (place) Object.assign(el.style, { left: `${place.x}px`, top: `${place.y}px` });
  el.style.setProperty("--cell", `${cell}px`);
  register.put(el, matrix.id);
  const shown = matrix.axes.length ? matrix.axes : matrix.shape.map(() => "");
  const label = (/** @type {number} */ at) => axisLabel(shown[at], matrix.shape[at], gone.includes(shown[at]));
  const ndim = matrix.shape.length;
  if (!whole) {
    const lines = matrix.summary.map((line) => make("div", "nl-sumline", line));
    el.append(...lines);
    return el;
  }
  if (ndim) el.append(make("div", "nl-cols", label(ndim - 1)));
  const body = make("div", "nl-sheets");
  body.style.gridTemplateColumns = `repeat(${Math.min(sheets, place?.across ?? sheets)}, max-content)`;
  for (let sheet = 0; sheet < sheets; sheet++) {
    const one = make("div", "nl-sheet");
    if (leading.length) one.append(make("div", "nl-index", `[${unflat(sheet, leading).join(", ")}]`));
    for (let start = 0; start < columns; start += block) {
      const width = Math.min(block, columns - start);
      const cells = make("div", "nl-cells");
      cells.style.gridTemplateColumns = `repeat(${width}, ${cell}px)`;
      for (let row = 0; row < rows; row++) {
        for (let column = start; column < start + width; column++) {
          const flat = (sheet * rows + row) * columns + column;
          const entry = focusable(make("button", "nl-e"), -1);
          entry.setAttribute("type", "button");
          entry.dataset.ref = `${matrix.id}#${flat}`;
          if (row === 0) entry.classList.add("nl-top");
          if (column === start) entry.classList.add("nl-start");
          const heat = matrix.heat?.[flat];
          if (heat) {
            entry.style.setProperty("--heat", `${Math.round(Math.abs(heat) * 55)}%`);
            entry.classList.add(heat < 0 ? "nl-cold" : "nl-hot");
          }
          cells.append(register.put(entry, entry.dataset.ref));
        }
      }
      const side = ndim > 1 && start === 0 && sheet === 0 ? make("div", "nl-rows", label(ndim - 2)) : null;
      one.append(make("div", `nl-block${ndim > 1 ? " nl-guttered" : ""}`, side, cells));
    }
    body.append(one);
  }
  el.append(body);
  return el;
}

/** The tables and sentences of the whole picture, as it stands after a step.
 * @param {Board} board @param {Map<string, Shown[]>} state @param {number} step */
function twin(board, state, step) {
  const el = make("div", "nl-twin-body");
  const mine = board.matrices.filter((one) => one.kind === "mine").map((one) => one.id);
  for (const card of [...board.cards, { name: "", struck: false, matrices: mine }]) {
    for (const id of card.matrices) {
      const matrix = /** @type {Matrix} */ (board.matrices.find((one) => one.id === id));
      const table = make("table");
      const whose = matrix.kind === "mine" ? inLanguages(board.words.mine) : null;
      table.append(make("caption", "", `${matrix.name} ${shapeText(matrix.shape)} `, whose));
      const { columns } = grid(matrix.shape);
      const rows = matrix.entries.length / columns;
      for (let row = 0; row < rows; row++) {
        const tr = make("tr");
        if (matrix.shape.length > 1) {
          const th = make("th", "", unflat(row, matrix.shape.slice(0, -1)).join(", "));
          th.setAttribute("scope", "row");
          tr.append(th);
        }
        for (let column = 0; column < columns; column++) {
          const shown = state.get(id)?.[row * columns + column];
          tr.append(make("td", "", shown?.text ?? inLanguages(board.words.unknown)));
        }
        table.append(tr);
      }
      for (const line of matrix.entries.length ? [] : matrix.summary) table.append(make("tr", "", make("td", "", line)));
      el.append(table);
    }
    if (card.struck) el.append(make("p", "", make("s", "", card.name), " ", inLanguages(board.words.unneeded)));
  }
  const list = make("ol");
  board.steps.forEach((one, number) => {
    const item = make("li", "", inLanguages(one.say, "nl-langs", "div"));
    if (number === step) item.setAttribute("aria-current", "step");
    list.append(item);
  });
  el.append(list);
  return el;
}

/** @param {Board} board */
function legend(board) {
  const el = make("div", "nl-legend");
  const kinds = new Set(board.lines.map((line) => line.kind));
  const sample = (/** @type {string} */ cls) => {
    const line = svg("svg", { width: 30, height: 8, "aria-hidden": "true" });
    line.append(svg("path", { d: "M0 4H30", class: `nl-line ${cls} nl-done` }));
    return line;
  };
  const entry = (/** @type {(Node | string)[]} */ ...parts) => el.append(make("span", "", ...parts));
  const gradients = board.matrices.some((one) => one.kind === "gradient");
  if (kinds.has("forward")) entry(sample("nl-forward"), " ▶ ", inLanguages(board.words.value));
  if (kinds.has("backward")) entry(sample("nl-backward"), " ◀ ", inLanguages(board.words.gradient));
  if (board.matrices.some((one) => !board.given.includes(one.id))) {
    entry(make("span", "nl-key"), " ", inLanguages(board.words.unknown));
    if (gradients) entry(make("span", "nl-key nl-key-zero", "0"), " ", inLanguages(board.words.zero));
  }
  const struck = board.cards.find((card) => card.struck);
  if (struck) entry(make("s", "", struck.name), " ", inLanguages(board.words.unneeded));
  const onCards = board.steps.flatMap((step) => step.marks.filter((mark) => !mark.ref.includes("#")).map((mark) => mark.kind));
  for (const kind of new Set(onCards)) {
    entry(make("span", `nl-mark nl-mark-${kind}`, glyph(kind)), " ", inLanguages(board.words[`mark_${kind}`]));
  }
  return el;
}

/** Which product has the shape of W: the tried ones, their axes, and which of them fits. @param {Board} board @param {Step} step */
function proof(board, step) {
  const table = make("table", "nl-proof");
  table.append(make("caption", "", inLanguages(filled(board.words.proof, { name: step.proof_of }))));
  for (const one of step.proof) {
    const factor = (/** @type {number[]} */ sizes, /** @type {string[]} */ axes, /** @type {number} */ inner) => {
      const el = make("span", "", "(");
      sizes.forEach((size, at) => {
        const axis = make(one.meets && at === inner ? "s" : "span", "nl-ax", String(size));
        if (one.meets && ["N", "in", "out"].includes(axes[at])) axis.classList.add(`nl-ax-${axes[at]}`);
        el.append(axis, at < sizes.length - 1 ? ", " : ")");
      });
      return el;
    };
    const row = make(
      "tr", one.fits ? "nl-win" : one.meets ? "" : "nl-no",
      make("td", "", one.formula),
      make("td", "", factor(one.left, one.left_axes, 1), factor(one.right, one.right_axes, 0)),
      make("td", "", one.shape ? `→ ${shapeText(one.shape)}` : ""),
      make("td", one.fits ? "nl-ok" : one.verdict.startsWith("✗") ? "nl-bad" : "", one.verdict),
    );
    table.append(row);
  }
  return table;
}

// -- the picture -------------------------------------------------------------------------------------------------------------

/** @param {{model: Model, el: HTMLElement}} host */
function render({ model, el }) {
  const stop = new AbortController();
  const root = make("div", "nl-view");
  el.append(root);
  /** @type {(() => void) | null} */
  let leave = null;
  const begin = () => {
    const focused = root.contains(document.activeElement);
    leave?.();
    root.replaceChildren();
    leave = picture(model, root);
    // Never to the page: JupyterLab's shortcuts would listen.
    if (focused) every(root, ".nl-edit, [tabindex='0']").pop()?.focus();
  };
  begin();
  model.on("change:picture", begin);
  stop.signal.addEventListener("abort", () => {
    model.off("change:picture", begin);
    leave?.();
    root.remove();
  });
  return () => stop.abort();
}

/** Draws a board into *root*; what it returns takes everything back. @param {Model} model @param {HTMLElement} root */
function picture(model, root) {
  /** @type {Board} */
  const board = model.get("picture");
  const stop = new AbortController();
  const { signal } = stop;
  const count = board.steps.length;
  const cards = new Map(board.cards.map((card) => [card.id, card]));
  const matrices = new Map(board.matrices.map((matrix) => [matrix.id, matrix]));
  const lines = new Map(board.lines.map((line) => [line.id, line]));
  const cardOf = new Map(board.cards.flatMap((card) => card.matrices.map((id) => [id, card.id])));
  const states = board.steps.map((_, step) => stateAt(board, step));
  /** What was answered to the questions, by step; "" where it was not. @type {Map<number, string>} */
  const answered = new Map();
  /** @returns {Question | null} the question that is to be answered before the step is shown */
  const open = () => (answered.has(now.step) ? null : board.steps[now.step].question);
  /** @returns {Map<string, Shown[]>} */
  const seen = () => (!open() ? states[now.step] : now.step ? states[now.step - 1] : stateAt(board, -1));
  const limit = (/** @type {number} */ step) => Math.max(0, Math.min(count - 1, step || 0));
  // The one state of this view; draw() shows it, events change it.
  const now = { step: limit(model.get("step")), pinned: "", over: "", here: "", editing: false, alive: false };
  /** @type {Frame | null | undefined} */
  let frame;
  let register = new Register();
  /** @type {HTMLElement[]} */
  let items = [];

  // -- the parts that stay
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", board.title);
  const strip = make("div", "nl-strip");
  const stage = make("div", "nl-stage");
  const controls = make("div", "nl-controls");
  const status = make("div", "nl-say nl-langs");
  status.setAttribute("role", "status");
  const quiz = make("div", "nl-quiz");
  const inspector = make("div", "nl-inspector");
  const table = /** @type {HTMLDetailsElement} */ (make("details", "nl-twin"));
  table.append(focusable(make("summary", "", inLanguages(board.words.table))));
  root.append(strip, stage, controls, status, quiz, inspector, legend(board), inLanguages(board.words.keys, "nl-keys nl-langs", "div"), table);

  /** @param {string} glyph @param {Words | null} words @param {() => void} action */
  const button = (glyph, words, action) => {
    const one = focusable(make("button", "nl-b"));
    one.setAttribute("type", "button");
    if (words) one.append(sign(glyph), inLanguages(words, "nl-vh"));
    else one.append(glyph);
    one.addEventListener("click", action, { signal });
    controls.append(one);
    return one;
  };
  const { words } = board;
  const stops = board.stops.map((one) => button(one.text, null, () => go(one.step)));
  const first = button("⏮\uFE0E", words.first, () => go(0));
  const back = button("◀", words.back, () => go(now.step - 1));
  const counter = make("span", "nl-steps");
  controls.append(counter);
  const next = button("▶", words.next, () => go(now.step + 1));
  const last = button("⏭\uFE0E", words.last, () => go(count - 1));
  const slider = /** @type {HTMLInputElement} */ (focusable(make("input")));
  Object.assign(slider, { type: "range", min: "1", max: String(count), step: "1" });
  slider.addEventListener("input", () => go(Number(slider.value) - 1), { signal });
  controls.append(make("label", "nl-slider", inLanguages(words.slider, "nl-vh"), slider));
  const edit = board.editable.length ? button("", null, () => (now.editing ? compute() : change())) : null;
  edit?.classList.add("nl-edit");

  /** @param {number} step */
  function go(step) {
    step = limit(step);
    if (step === now.step) return;
    now.step = step;
    tell("step", step);
    draw();
  }

  /** @param {string} key @param {any} value */
  function tell(key, value) {
    model.set(key, value);
    try {
      model.save_changes();
    } catch {
      // No kernel: the picture steps on without one.
    }
  }

  // -- predict, then reveal
  function drawQuiz() {
    const question = open();
    if (!question) return quiz.replaceChildren();
    if (quiz.dataset.step === String(now.step) && quiz.firstChild) return;
    quiz.dataset.step = String(now.step);
    const input = field("", (enter) => {
      const text = input.value.trim();
      if (enter && !text) return;
      answered.set(now.step, enter ? text : "");
      next.focus();
      draw();
    });
    input.size = 12;
    input.autocomplete = "off";
    quiz.replaceChildren(make("label", "", inLanguages(words.answer), " ", input), inLanguages(words.answer_keys));
  }

  // -- other numbers: entries become inputs in their places, and Python computes a new board of them
  function drawEdit() {
    edit?.replaceChildren(inLanguages(now.editing ? words.compute : now.alive ? words.edit : words.still));
    edit?.setAttribute("aria-disabled", String(!now.alive));
  }
  function change() {
    if (!now.alive) return;
    now.editing = true;
    for (const cell of every(stage, ".nl-e")) {
      const entry = entryOf(cell.dataset.ref ?? "");
      if (!entry || !board.editable.includes(entry.matrix.id)) continue;
      const input = field(cell.className, (enter) => (enter ? compute() : rest()));
      input.value = cell.textContent ?? "";
      input.dataset.edits = entry.matrix.id;
      input.setAttribute("aria-label", entryName(entry.matrix, entry.flat));
      cell.replaceWith(input);
    }
    drawEdit();
    every(stage, ".nl-in")[0]?.focus();
  }
  function compute() {
    /** @type {Record<string, any>} */
    const edits = { "": Date.now() }; // never twice the same, so Python hears of it
    for (const one of every(stage, ".nl-in")) (edits[one.dataset.edits ?? ""] ??= []).push(/** @type {HTMLInputElement} */ (one).value);
    now.alive = false; // until a kernel answers
    rest();
    tell("edits", edits);
  }
  function rest() {
    now.editing = false;
    edit?.focus();
    fit();
    lay();
    draw();
    rove();
  }

  /** @param {string} ref */
  const entryOf = (ref) => {
    const at = ref.lastIndexOf("#");
    const matrix = at < 0 ? undefined : matrices.get(ref.slice(0, at));
    const flat = Number(ref.slice(at + 1));
    return matrix && { matrix, flat, shown: /** @type {Shown} */ (seen().get(matrix.id)?.[flat]) };
  };

  // -- the picture at one width
  function lay() {
    register = new Register();
    stage.replaceChildren();
    stage.classList.toggle("nl-flow", !frame);
    stage.style.cssText = frame ? `width:${frame.width}px;height:${frame.height}px` : "";
    if (frame) {
      const drawing = svg("svg", { width: frame.width, height: frame.height, "aria-hidden": "true" });
      for (const path of frame.paths) {
        const kind = lines.get(path.line)?.kind ?? "quiet";
        const group = svg("g", { class: `nl-line nl-${kind}` });
        group.append(svg("path", { d: pathOf(path.points) }));
        if (kind !== "quiet") group.append(svg("path", { d: arrowHead(path.points), class: "nl-head" }));
        drawing.append(register.put(group, path.line));
      }
      stage.append(drawing);
      for (const label of frame.labels) {
        const kind = lines.get(label.line)?.kind ?? "quiet";
        const one = make("span", `nl-label nl-${kind}`, label.text);
        Object.assign(one.style, { left: `${label.x}px`, top: `${label.y}px` });
        stage.append(register.put(one, label.line));
      }
    }
    items = [];
    const order = frame ? frame.boxes.map((box) => box.id) : board.cards.map((card) => card.id);
    for (const id of order) {
      const card = /** @type {Card} */ (cards.get(id));
      const one = focusable(make("div", `nl-card nl-kind-${card.kind}${card.struck ? " nl-struck" : ""}`), -1);
      one.setAttribute("role", "group");
      one.setAttribute("aria-label", `${card.name} ${card.shape}`.trim());
      one.dataset.ref = id;
      const box = frame?.boxes.find((one) => one.id === id);
      if (box) Object.assign(one.style, { left: `${box.x}px`, top: `${box.y}px`, width: `${box.w}px`, height: `${box.h}px` });
      if (card.kind === "op") one.append(make("span", "nl-sign", card.name));
      else if (card.kind === "card") {
        one.append(make("div", "nl-title", make(card.struck ? "s" : "span", "nl-name", card.name), make("small", "", card.shape)));
      }
      for (const matrix of card.matrices) {
        const place = frame?.places.find((place) => place.matrix === matrix) ?? null;
        one.append(matrixElement(/** @type {Matrix} */ (matrices.get(matrix)), board, register, place));
      }
      stage.append(register.put(one, id));
      items.push(one);
    }
    now.here = items.some((one) => one.dataset.ref === now.here) || entryOf(now.here) ? now.here : items[0]?.dataset.ref ?? "";
  }

  // -- what the state says
  function draw() {
    const step = board.steps[now.step];
    const state = seen();
    const shown = board.steps.slice(0, now.step + (open() ? 0 : 1));
    const backward = step.phase === "backward";
    root.classList.toggle("nl-back", backward);
    drawStrip(step);
    drawStatus(step);
    drawQuiz();
    drawEdit();
    counter.textContent = `${now.step + 1} / ${count}`;
    slider.value = String(now.step + 1);
    slider.setAttribute("aria-valuetext", `${now.step + 1} / ${count}`);
    for (const [one, off] of /** @type {[HTMLElement, boolean][]} */ ([
      [first, now.step === 0], [back, now.step === 0], [next, now.step === count - 1], [last, now.step === count - 1],
    ])) one.setAttribute("aria-disabled", String(off));
    board.stops.forEach((one, index) => {
      const until = board.stops[index + 1]?.step ?? count;
      stops[index].setAttribute("aria-pressed", String(now.step >= one.step && now.step < until));
    });
    drawInspector(step);
    register.only(shown.flatMap((one) => one.reached), "nl-done");
    const marks = new Map(shown.flatMap((one) => one.marks.map((mark) => [mark.ref, mark.kind])));
    register.only(marks.keys(), "nl-off");
    for (const one of items) {
      const kind = marks.get(one.dataset.ref ?? "");
      one.querySelector(".nl-mark")?.remove();
      if (kind) one.append(badge(board, kind));
    }
    register.only(step.lit, "nl-now");
    for (const [ref, list] of register.all) {
      const entry = ref.includes("#") ? entryOf(ref) : undefined;
      if (!entry) continue;
      const { text, final, sum } = entry.shown;
      for (const cell of list) {
        cell.textContent = text ?? "";
        cell.classList.toggle("nl-unknown", text === null);
        cell.classList.toggle("nl-partial", text !== null && !final);
        cell.classList.toggle("nl-linked", sum !== "");
        cell.setAttribute("aria-label", `${entryName(entry.matrix, entry.flat)} = ${text ?? "?"}`);
      }
    }
    for (const [id, shown] of state) {
      const empty = shown.length > 0 && shown.every((one) => one.text === null);
      for (const one of register.all.get(id) ?? []) one.classList.toggle("nl-empty", empty);
    }
    for (const one of board.matrices) {
      if (one.entries.length) continue;
      const told = board.given.includes(one.id) || shown.some((s) => s.known.some((k) => k.matrix === one.id));
      for (const drawn of register.all.get(one.id) ?? []) drawn.classList.toggle("nl-empty", !told);
    }
    light();
    if (table.open) drawTwin();
  }

  /** What is looked at: the links of one entry, and everything that stands for the same thing. */
  function light() {
    const step = board.steps[now.step];
    const looked = entryOf(now.over);
    const active = looked?.shown.sum ? now.over : now.pinned || (open() ? "" : step.focus);
    const entry = entryOf(active);
    const parts = entry ? entry.shown.parts.flatMap(([matrix, flats]) => flats.map((flat) => `${matrix}#${flat}`)) : [];
    register.only(parts, "nl-lane");
    register.only([active], "nl-lit");
    register.only([now.pinned], "nl-pinned");
    for (const [ref, list] of register.all) {
      if (!ref.includes("#")) continue;
      for (const cell of list) if (cell.tagName === "BUTTON") cell.setAttribute("aria-pressed", String(ref === now.pinned));
    }
    const over = now.over && !now.over.includes("#") ? now.over : "";
    const joined = over ? board.lines.filter((line) => line.start === over || line.end === over).map((line) => line.id) : [];
    const own = now.over.includes("#") ? cardOf.get(now.over.slice(0, now.over.lastIndexOf("#"))) : over;
    register.only([...joined, ...(own ? [own] : [])], "nl-near");
    const sum = inspector.querySelector(".nl-sum");
    if (sum && entry && entry.shown.text !== null) {
      const { sum: text } = entry.shown;
      const at = text.lastIndexOf("= ");
      sum.replaceChildren(
        `${entryName(entry.matrix, entry.flat)} = ${at < 0 ? "" : text.slice(0, at + 2)}`,
        make("b", "", at < 0 ? text || entry.shown.text : text.slice(at + 2)),
      );
    } else sum?.replaceChildren();
  }

  /** @param {Step} step */
  function drawStrip(step) {
    const written = (/** @type {Token[]} */ tokens) => tokens.map((token) => {
      const one = make("span", token.refs.length ? "nl-token" : "", token.text);
      if (token.refs.length) one.dataset.token = token.refs[0];
      return one;
    });
    strip.replaceChildren(...board.formulas.map((one) => make("span", "nl-formula", ...written(one))));
    const own = step.formula.map((token) => token.text).join("");
    if (own) {
      const same = board.formulas.findIndex((one) => one.map((token) => token.text).join("") === own);
      if (same >= 0) strip.children[same].classList.add("nl-current");
      else strip.append(make("span", "nl-formula nl-current", ...written(step.formula)));
    }
    for (const token of every(strip, "[data-token]")) register.put(token, token.dataset.token ?? "");
  }

  /** @param {Step} step */
  function drawStatus(step) {
    const question = open();
    const answer = answered.get(now.step);
    const asked = step.question;
    const right = answer && asked && answers(asked, answer);
    const reply = answer && asked ? filled(words[right ? "answer_right" : "answer_wrong"], { answer, right: asked.text }) : null;
    const trouble = model.get("trouble") ?? {};
    const all = Object.entries(question ? question.ask : step.say).map(([language, text]) => {
      const one = make("p", "", make("b", "", (words.step[language] ?? "").replace("{number}", String(now.step + 1))));
      one.lang = language;
      if (trouble[language]) one.prepend(make("strong", "nl-trouble", trouble[language]), " ");
      if (reply) one.append(" ", make("strong", "nl-reply", `${right ? "✓" : "✗"} ${reply[language]}`));
      one.append(language === "zh" ? text : ` ${text}`);
      return one;
    });
    status.replaceChildren(...all);
  }

  /** The panel of the step that is shown, or of the one that brought the kept entry. @param {Step} step */
  function drawInspector(step) {
    inspector.replaceChildren();
    register.sweep(root);
    if (open()) return inspector.classList.add("nl-nothing");
    const pinned = entryOf(now.pinned);
    if (now.pinned && pinned?.shown.text === null) now.pinned = "";
    const since = now.pinned && pinned ? pinned.shown.since : now.step;
    const from = since >= 0 ? board.steps[since] : step;
    const panel = make("div", "nl-eq");
    for (const part of from.panel) {
      const matrix = matrices.get(part);
      if (matrix) {
        const name = make("div", "nl-mname", make("i", "", matrix.name));
        if (matrix.kind === "mine") name.append(" ", inLanguages(words.mine));
        panel.append(make("div", "nl-factor", name, matrixElement(matrix, board, register, null, from.gone)));
      } else panel.append(make("span", "nl-op", part));
    }
    const left = make("div", "", ...(from.panel.length ? [panel] : []), make("p", "nl-sum"));
    inspector.replaceChildren(left, ...(from.proof.length ? [proof(board, from)] : []));
    inspector.classList.toggle("nl-nothing", !from.panel.length && !now.pinned && !step.focus);
  }

  function drawTwin() {
    table.querySelector(".nl-twin-body")?.remove();
    table.append(twin(board, seen(), now.step));
  }
  table.addEventListener("toggle", () => table.open && drawTwin(), { signal });

  // -- keys: one stop for Tab; arrows go between cards, and inside of a card between its entries
  const inStage = (/** @type {string} */ ref) =>
    /** @type {HTMLElement[]} */ (register.all.get(ref) ?? []).find((one) => stage.contains(one));

  function rove() {
    for (const one of every(stage, "[tabindex='0']")) one.tabIndex = -1;
    const here = inStage(now.here) ?? items[0];
    if (here) here.tabIndex = 0;
  }

  /** @param {HTMLElement | undefined | null} target */
  function visit(target) {
    if (!target) return;
    now.here = target.dataset.ref ?? "";
    rove();
    target.focus();
  }

  /** @param {string} ref */
  function pin(ref) {
    const entry = entryOf(ref);
    now.pinned = now.pinned === ref || !entry || entry.shown.text === null ? "" : ref;
    draw();
  }

  stage.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const ref = target.dataset.ref;
    if (!ref || event.ctrlKey || event.metaKey || event.altKey) return;
    const cell = ref.includes("#");
    const card = /** @type {HTMLElement} */ (target.closest(".nl-card"));
    const pool = cell ? every(card, ".nl-e") : items;
    const at = pool.indexOf(target);
    if (event.key.startsWith("Arrow")) {
      const centres = pool.map((one) => {
        const box = one.getBoundingClientRect();
        return /** @type {[number, number]} */ ([box.x + box.width / 2, box.y + box.height / 2]);
      });
      visit(pool[nextIn(centres, at, event.key)]);
    } else if (event.key === "Home") visit(pool[0]);
    else if (event.key === "End") visit(pool[pool.length - 1]);
    else if (event.key === "Enter" || event.key === " ") {
      if (cell) pin(ref);
      else visit(every(card, ".nl-e")[0]);
    } else if (event.key === "Escape") {
      if (now.pinned) pin(now.pinned);
      else if (cell) visit(card);
      else return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });

  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !now.pinned || stage.contains(/** @type {Node} */ (event.target))) return;
    pin(now.pinned);
    event.preventDefault();
    event.stopPropagation();
  }, { signal });

  // -- pointing at something, or coming to it with the keys, says the same
  /** @param {Event} event */
  const refOf = (event) => {
    const one = /** @type {Element} */ (event.target).closest("[data-ref], [data-token]");
    return one instanceof HTMLElement ? one.dataset.ref ?? one.dataset.token ?? "" : "";
  };
  const look = (/** @type {string} */ ref) => {
    if (ref === now.over) return;
    now.over = ref;
    light();
  };
  for (const name of ["pointerover", "focusin"]) root.addEventListener(name, (event) => look(refOf(event)), { signal });
  root.addEventListener("pointerleave", () => look(""), { signal });
  root.addEventListener("focusout", (event) => {
    if (!root.contains(/** @type {Node | null} */ (event.relatedTarget))) look("");
  }, { signal });
  root.addEventListener("click", (event) => {
    const one = /** @type {Element} */ (event.target).closest("input, [data-ref], [data-token]");
    if (!(one instanceof HTMLElement) || one instanceof HTMLInputElement) return;
    if (one.dataset.token) visit(inStage(one.dataset.token));
    else if (one.dataset.ref?.includes("#")) {
      const { ref } = one.dataset;
      if (inStage(ref)) visit(inStage(ref));
      pin(ref);
    } else visit(one);
  }, { signal });

  // -- the width there is
  const fit = () => {
    const width = root.clientWidth;
    if (!width) return;
    const wanted = frameFor(board.frames, width);
    if (wanted === frame || now.editing) return;
    const focused = stage.contains(document.activeElement);
    frame = wanted;
    lay();
    draw();
    rove();
    if (focused) inStage(now.here)?.focus();
  };
  const watch = new ResizeObserver(fit);
  watch.observe(root);
  const moved = () => {
    now.step = limit(model.get("step"));
    draw();
  };
  model.on("change:step", moved);
  model.on("change:trouble", draw);
  // Is there a kernel? Only one answers.
  const heard = () => {
    now.alive = true;
    drawEdit();
  };
  model.on("change:pong", heard);
  signal.addEventListener("abort", () => {
    watch.disconnect();
    model.off("change:step", moved);
    model.off("change:trouble", draw);
    model.off("change:pong", heard);
  });
  frame = frameFor(board.frames, root.clientWidth || Infinity);
  lay();
  draw();
  rove();
  if (edit) tell("ping", Date.now());
  return () => stop.abort();
}

/** The head of an arrow at the end of a way. @param {[number, number][]} points */
export function arrowHead(points) {
  const [x, y] = points[points.length - 1];
  const [fx, fy] = points[points.length - 2];
  const length = Math.hypot(x - fx, y - fy) || 1;
  const [ux, uy] = [(x - fx) / length, (y - fy) / length];
  const at = (/** @type {number} */ along, /** @type {number} */ across) =>
    [x - ux * along - uy * across, y - uy * along + ux * across].map((one) => Math.round(one * 10) / 10);
  return `M${at(0, 0)}L${at(7, 3.5)}L${at(7, -3.5)}Z`;
}

export default { render };
