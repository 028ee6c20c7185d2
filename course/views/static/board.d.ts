// The shape of what Python sends (course/views/board.py says what it means), for checking views.js; no browser reads this.

/** One sentence in each language. */
type Words = Record<string, string>;

interface Matrix {
  id: string; name: string; shape: number[]; entries: string[]; axes: string[]; kind: "value" | "gradient" | "mine";
  heat: number[] | null; summary: string[]; cell: number;
}
interface Card { id: string; name: string; matrices: string[]; shape: string; kind: "card" | "op" | "plain"; struck: boolean }
interface Line { id: string; start: string; end: string; kind: "forward" | "backward" | "quiet" }
interface Token { text: string; refs: string[] }
interface Part { matrix: string; at: number[][] }
interface Known {
  matrix: string; at: number[] | null; texts: string[] | null; sums: string[]; parts: Part[]; final: boolean;
}
interface Candidate {
  formula: string; left: number[]; right: number[]; left_axes: string[]; right_axes: string[]; meets: boolean;
  shape: number[] | null; verdict: string; fits: boolean;
}
interface Mark { ref: string; kind: "right" | "wrong" | "first" | "absent" }
interface Question { ask: Words; answer: number[]; text: string; within: number }
interface Step {
  say: Words; known: Known[]; reached: string[]; lit: string[]; formula: Token[]; phase: "forward" | "backward"; panel: string[];
  gone: string[]; focus: string; proof: Candidate[]; proof_of: string; marks: Mark[]; question: Question | null;
}
interface Place { matrix: string; x: number; y: number; cell: number; block: number; across: number }
interface Frame {
  width: number; height: number; boxes: { id: string; x: number; y: number; w: number; h: number }[]; places: Place[];
  paths: { line: string; points: [number, number][] }[]; labels: { line: string; text: string; x: number; y: number }[];
}
interface Board {
  title: string; version: number; matrices: Matrix[]; cards: Card[]; lines: Line[]; steps: Step[]; frames: Frame[];
  given: string[]; formulas: Token[][]; stops: { text: string; step: number }[]; editable: string[]; languages: string[];
  words: Record<string, Words>;
  measures: { cellH: number; gutter: number; caption: number; sheet: number; between: number };
}

/** An entry after a step. text: null where it is not computed; since: the step that brought it, −1 where it was given. */
interface Shown { text: string | null; final: boolean; since: number; sum: string; parts: [string, number[]][] }

/** What the module wants of its host. */
interface Model {
  get(key: string): any; set(key: string, value: any): void; save_changes(): void;
  on(name: string, call: () => void): void; off(name: string, call: () => void): void;
}
