/** Draw lines, see them coloured after every stroke. */

import { drawings } from "../drawings.ts";
import { colourful, paint } from "../images.ts";
import { latent } from "../latents.ts";
import { inked, SHAPES } from "../lines.ts";
import { Board } from "./board.ts";
import { box, button, check, choice, element, radios, slider } from "./controls.ts";
import { type Demo, latest, picture } from "./demo.ts";

const MODEL = "pix2pix-emoji";
const SIZE = 64;
const BLANK = "a white sheet";
const LATENTS = 99;

export const colouringDemo: Demo = {
  name: "Demo: draw lines and see them coloured",
  still: "Above eight line drawings of emoji, below them the colours that the generator gave them.",
  needs: () => ({ models: [MODEL], others: ["drawings"] }),
  async start({ models, shelf, say, tell }) {
    const model = models.get(MODEL)!;
    const dim = Number(model.said.dim);
    const known = await drawings(shelf, SIZE);
    const coloured = picture("coloured by the generator");
    coloured.canvas.classList.add("gan-square");
    const changed = latest(draw, ({ message }) => tell(`The model could not draw: ${message}`));
    const board = new Board(SIZE, changed);

    const begin = choice("begin with", [...known.map(({ name }) => [name, name] as const), [BLANK, BLANK]], () => {
      board.begin(begin.input.value, sheet());
      follow();
    });
    const tool = radios("tool", [["pencil", "pencil"], ["eraser", "eraser"]], () => { board.tool = tool.value(); }); // biome-ignore format: short
    const thick = slider("thickness", { value: 2, low: 1, high: 6, shown: (v) => `${v} px` }, () => {
      board.thick = Number(thick.input.value);
    });
    const noise = slider("colours from latent", { value: 0, low: 0, high: LATENTS }, changed);
    const undo = button("Undo", () => {
      board.undo();
      follow();
    });
    const clear = button("Clear", () => {
      board.clear(BLANK);
      follow();
    });
    const shapes = SHAPES.map(([name, lines]) => {
      const made = check(name, () => {
        const ticked = shapes.map(({ input }) => input.checked);
        board.add(lines, made.input.checked ? "pencil" : "eraser", ticked);
      });
      return made;
    });

    /** The controls say what is known of the sheet. */
    function follow(): void {
      begin.input.value = board.note.begun;
      shapes.forEach(({ input }, i) => {
        input.checked = board.note.ticked[i] ?? false;
      });
    }

    function sheet(): Float32Array {
      const found = known.find(({ name }) => name === begin.input.value);
      return found ? found.lines.data : new Float32Array(SIZE * SIZE).fill(1);
    }

    async function draw(): Promise<void> {
      undo.disabled = !board.canUndo;
      const start = performance.now();
      const images = await model.run({
        sources: { data: board.lines.slice(), shape: [1, 1, SIZE, SIZE] },
        z: { data: latent(Number(noise.input.value), dim), shape: [1, dim] },
      });
      const milliseconds = performance.now() - start;
      paint(coloured.canvas, images, 1, 6);
      const [ink, colour] = [inked(board.lines), colourful(images)];
      const percent = (share: number) => `${Math.round(100 * share)} %`;
      const added = board.strokes === 0 ? "" : ` with ${board.strokes} stroke${board.strokes > 1 ? "s" : ""} added`;
      const lines = `the lines of ${board.note.begun}${added}, ${percent(ink)} of the sheet inked`;
      board.tell(`${lines[0]!.toUpperCase()}${lines.slice(1)}.`);
      coloured.tell(`What the generator makes of these lines: ${percent(colour)} of its pixels have a colour.`);
      say(`Left ${lines}; right their colouring: ${percent(colour)} of its pixels have a colour.`, {
        strokes: board.strokes,
        ink,
        colourful: colour,
        milliseconds,
      });
    }

    board.begin(begin.input.value, sheet());
    await draw();
    const ready = element("fieldset", "gan-radios");
    ready.append(element("legend", "", "shapes, for who draws without a pointer"), ...shapes.map((one) => one.box));
    return [
      box("gan-controls", begin.box, tool.box, thick.box, noise.box, box("gan-control", undo, clear)),
      box("gan-figures", board.box, coloured.box),
      ready,
    ];
  },
};
