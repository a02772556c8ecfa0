/** Draw lines, see them coloured after every stroke. */

import { button, check, choice, group, radios, slider, upload } from "../../controls/controls.ts";
import { box } from "../../controls/element.ts";
import { colourful, paint } from "../images.ts";
import { LATENTS, priorOf } from "../latents.ts";
import { inked, SHAPES, SHEET } from "../lines.ts";
import { fromFile } from "../photograph.ts";
import { Board, SIDE } from "./board.ts";
import { type Demo, latest, picture } from "./demo.ts";

const BLANK = "a white sheet";
const OWN = "your picture";

export const colouringDemo: Demo = {
  name: "Explorer: draw lines and see them coloured",
  still: "Above eight line drawings of emoji, below them the colours that the generator gave them.",
  needs: () => ({ models: ["pix2pix-emoji"], drawings: 64 }),
  async start({ model, drawings, say, tell }) {
    const size = drawings[0]!.lines.shape[2]!;
    const sheets = new Map(drawings.map(({ name, lines }) => [name, lines.data]));
    sheets.set(BLANK, new Float32Array(size * size).fill(1));
    const { dim, latent } = priorOf(model.said);
    const coloured = picture("coloured by the generator");
    coloured.canvas.classList.add("gan-square");
    const changed = latest(draw, tell);
    const board = new Board(size, changed);

    const begin = choice<string>(
      "begin with",
      [...sheets.keys()].map((name) => [name, name] as const),
      () => {
        // biome-ignore format: short
        board.begin(begin.value, sheets.get(begin.value)!);
        follow();
      },
    );
    const tool = radios("tool", [["pencil", "pencil"], ["eraser", "eraser"]], () => { board.tool = tool.value; }); // biome-ignore format: short
    const thick = slider("thickness", { value: 2, low: 1, high: 6, shown: (v) => `${v} px` }, () => {
      board.thick = thick.value;
    });
    const noise = slider("colours from latent", { value: 0, low: 0, high: LATENTS }, changed);
    noise.root.hidden = dim === 0;
    const undo = button("Undo", () => {
      board.undo();
      follow();
    });
    const clear = button("Clear", () => {
      board.clear(BLANK);
      follow();
    });
    const own = upload("Take a picture of your own", "image/*", (file) => void take(file));
    const shapes = SHAPES.map(([name, lines]) => {
      const made = check(name, () => {
        const ticked = shapes.map(({ value }) => value);
        const scaled = lines.map((points) => points.map(([x, y]) => [(x * size) / SHEET, (y * size) / SHEET] as const));
        board.add(scaled, made.value ? "pencil" : "eraser", ticked);
      });
      return made;
    });

    async function take(file: File): Promise<void> {
      try {
        sheets.set(OWN, await fromFile(file, size));
      } catch {
        tell(`${file.name} cannot be read as a picture.`);
        return;
      }
      tell("");
      board.begin(OWN, sheets.get(OWN)!);
      follow();
    }

    /** The controls say what is known of the sheet. */
    function follow(): void {
      begin.value = board.note.begun;
      shapes.forEach((shape, i) => {
        shape.value = board.note.ticked[i] ?? false;
      });
    }

    async function draw(): Promise<void> {
      undo.disabled = !board.canUndo;
      const start = performance.now();
      const images = await model.run({
        sources: { data: board.lines.slice(), shape: [1, 1, size, size] },
        ...(dim > 0 && { z: { data: latent(noise.value), shape: [1, dim] } }),
      });
      const milliseconds = performance.now() - start;
      paint(coloured.canvas, images, 1, Math.ceil(SIDE / size));
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

    board.begin(begin.value, sheets.get(begin.value)!);
    await draw();
    const choices = [begin, tool, thick, noise].map((one) => one.root);
    return [
      box("gan-controls", ...choices, box("gan-buttons", undo, clear, own)),
      box("gan-figures", board.box, coloured.box),
      group("shapes, for who draws without a pointer", ...shapes.map((one) => one.root)),
    ];
  },
};
