/** A sheet to draw data on, with a mouse, a finger or the keyboard. */

import { button } from "../controls/controls.ts";
import { element } from "../controls/element.ts";
import { LIMIT, type Point } from "../data/toy.ts";
import { rounded } from "./link.ts";

const SIZE = 220;
const STEP = 0.2;
const APART = 0.12;
const MOST = 200;

export class Pad {
  readonly root = element("div", { class: "gp-pad" });
  readonly #canvas = element("canvas", {
    width: SIZE,
    height: SIZE,
    tabindex: 0,
    role: "application",
    "aria-label": "Sheet to draw data on. Arrow keys move the pen, space sets a point, Backspace takes the last away.",
  });
  readonly #said = element("p", { class: "gp-hint", "aria-live": "polite" });
  readonly #changed: (points: readonly Point[]) => void;
  #points: Point[] = [];
  #pen: [number, number] = [0, 0];
  #drawing = false;

  constructor(changed: (points: readonly Point[]) => void) {
    this.#changed = changed;
    const clear = button("Clear the sheet", () => this.#set([], true));
    this.root.append(this.#canvas, clear, this.#said);
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#drawing = true;
      this.#canvas.setPointerCapture(event.pointerId);
      this.#follow(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => this.#drawing && this.#follow(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      this.#canvas.addEventListener(end, () => {
        if (this.#drawing) this.#changed(this.#points);
        this.#drawing = false;
      });
    }
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    for (const change of ["focus", "blur"]) this.#canvas.addEventListener(change, () => this.redraw());
  }

  show(points: readonly Point[]): void {
    if (this.#drawing) return;
    this.#set([...points], false);
  }

  redraw(): void {
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    const style = getComputedStyle(this.#canvas);
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillStyle = style.getPropertyValue("--gan-real").trim() || "#0072b2";
    const place = (value: number) => ((value + LIMIT) / (2 * LIMIT)) * SIZE;
    for (const [x, y] of this.#points) {
      context.beginPath();
      context.arc(place(x), SIZE - place(y), 4, 0, 2 * Math.PI);
      context.fill();
    }
    if (document.activeElement !== this.#canvas) return;
    const [x, y] = [place(this.#pen[0]), SIZE - place(this.#pen[1])];
    context.strokeStyle = style.color;
    context.beginPath();
    context.moveTo(x - 8, y);
    context.lineTo(x + 8, y);
    context.moveTo(x, y - 8);
    context.lineTo(x, y + 8);
    context.stroke();
  }

  #follow(event: PointerEvent): void {
    const box = this.#canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 * LIMIT - LIMIT;
    const y = LIMIT - ((event.clientY - box.top) / box.height) * 2 * LIMIT;
    this.#pen = [x, y];
    this.#add();
  }

  #key(event: KeyboardEvent): void {
    const ways: Record<string, [number, number]> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, STEP],
      ArrowDown: [0, -STEP],
    };
    const way = ways[event.key];
    if (way) {
      this.#pen = [this.#pen[0] + way[0], this.#pen[1] + way[1]].map((at) => Math.max(-LIMIT, Math.min(LIMIT, at))) as [
        number,
        number,
      ];
      this.redraw();
    } else if (event.key === " ") {
      this.#add();
      this.#changed(this.#points);
    } else if (event.key === "Backspace") {
      this.#set(this.#points.slice(0, -1), true);
    } else {
      return;
    }
    event.preventDefault();
  }

  #add(): void {
    const point = rounded(this.#pen);
    const last = this.#points.at(-1);
    const near = last && Math.hypot(last[0] - point[0], last[1] - point[1]) < APART;
    if (!near && this.#points.length < MOST) this.#set([...this.#points, point], false);
  }

  #set(points: Point[], tell: boolean): void {
    this.#points = points;
    this.#said.textContent = points.length
      ? `${points.length} points of at most ${MOST}.`
      : "Draw here. Until then a smile stands in.";
    this.redraw();
    if (tell) this.#changed(points);
  }
}
