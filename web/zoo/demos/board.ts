/** A sheet to draw on with a mouse, a finger or a pen; every stroke can be taken back. */

import { paint } from "../images.ts";
import { blank, type Point, polyline, type Stroke } from "../lines.ts";
import { picture } from "./demo.ts";

const KEPT = 50; // sheets that can be gone back to
export const SIDE = 384; // of the canvas, in pixels or a few more

/** What a page knows of a sheet: how it began, and which shapes were put on it. */
export interface Note {
  begun: string;
  ticked: readonly boolean[];
}

/** A sheet as it was. */
interface Sheet {
  lines: Float32Array;
  strokes: number;
  note: Note;
}

export class Board {
  readonly box: HTMLElement;
  readonly size: number;
  tool: Stroke["tool"] = "pencil";
  thick = 2;
  strokes = 0;
  note: Note = { begun: "", ticked: [] };
  #lines: Float32Array;
  #before: Sheet[] = [];
  #last: Point | undefined;
  readonly #shown = picture("your lines");
  readonly #changed: () => void;

  constructor(size: number, changed: () => void) {
    this.size = size;
    this.#lines = blank(size);
    this.#changed = changed;
    this.box = this.#shown.box;
    const { canvas } = this.#shown;
    canvas.classList.add("gan-board", "gan-square");
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      canvas.setPointerCapture(event.pointerId);
      this.#keep();
      this.strokes++;
      this.#draw([this.#place(event)]);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.#last || !event.isPrimary) return;
      const events = event.getCoalescedEvents?.() ?? [];
      const points = (events.length > 0 ? events : [event]).map((one) => this.#place(one));
      this.#draw([this.#last, ...points]);
    });
    const stop = () => {
      this.#last = undefined;
    };
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(end, stop);
    this.#paint();
  }

  get lines(): Float32Array {
    return this.#lines;
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  /** Begin a new drawing with these lines. */
  begin(begun: string, lines: Float32Array): void {
    this.#before = [];
    this.strokes = 0;
    this.note = { begun, ticked: [] };
    this.#show(lines.slice());
  }

  /** Put a shape's lines on the sheet, or rub them out: one step that can be taken back. */
  add(shapes: readonly (readonly Point[])[], tool: Stroke["tool"], ticked: readonly boolean[]): void {
    this.#keep();
    this.strokes++;
    this.note = { ...this.note, ticked };
    for (const points of shapes) polyline(this.#lines, points, tool === "eraser" ? 3.5 : 2, tool);
    this.#paint();
    this.#changed();
  }

  undo(): void {
    const before = this.#before.pop();
    if (!before) return;
    this.strokes = before.strokes;
    this.note = before.note;
    this.#show(before.lines);
  }

  clear(begun: string): void {
    this.#keep();
    this.strokes = 0;
    this.note = { begun, ticked: [] };
    this.#show(blank(this.size));
  }

  tell(alt: string): void {
    this.#shown.tell(alt);
  }

  #keep(): void {
    this.#before.push({ lines: this.#lines.slice(), strokes: this.strokes, note: this.note });
    if (this.#before.length > KEPT) this.#before.shift();
  }

  #draw(points: readonly Point[]): void {
    polyline(this.#lines, points, this.tool === "eraser" ? 3 * this.thick : this.thick, this.tool);
    this.#last = points.at(-1);
    this.#paint();
    this.#changed();
  }

  #show(lines: Float32Array): void {
    this.#lines = lines;
    this.#paint();
    this.#changed();
  }

  #place({ clientX, clientY }: MouseEvent): Point {
    const { left, top, width, height } = this.#shown.canvas.getBoundingClientRect();
    return [((clientX - left) / width) * this.size, ((clientY - top) / height) * this.size];
  }

  #paint(): void {
    paint(
      this.#shown.canvas,
      { data: this.#lines, shape: [1, 1, this.size, this.size] },
      1,
      Math.ceil(SIDE / this.size),
    );
  }
}
