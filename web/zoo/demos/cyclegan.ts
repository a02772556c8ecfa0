/** CycleGAN both ways: an image of one kind, its translation, and what the other generator makes of that. */

import { fixed } from "../../plots/look.ts";
import { drawings } from "../drawings.ts";
import { coloured, colourful, difference, paint } from "../images.ts";
import { box, choice, radios } from "./controls.ts";
import { type Demo, latest, picture } from "./demo.ts";

const THERE = "cyclegan-emoji";
const BACK = "cyclegan-emoji-back";

export const cycleganDemo: Demo = {
  name: "Demo: CycleGAN, both ways",
  still: "Above eight line drawings of emoji, below them their translations to colours.",
  needs: () => ({ models: [THERE, BACK], others: ["drawings"] }),
  async start({ models, shelf, say, tell }) {
    const known = await drawings(shelf, 32);
    const shown = [picture("given"), picture("translated"), picture("and back again")] as const;
    for (const { canvas } of shown) canvas.classList.add("gan-small");
    const changed = latest(draw, ({ message }) => tell(`The model could not draw: ${message}`));
    const which = choice("drawing", known.map(({ name }) => [name, name] as const), changed); // biome-ignore format: short
    const way = radios("way", [["lines to colours", "there"], ["colours to lines", "back"]], changed); // biome-ignore format: short

    async function draw(): Promise<void> {
      const drawing = known.find(({ name }) => name === which.input.value)!;
      const there = way.value() === "there";
      const given = coloured(there ? drawing.lines : drawing.colours);
      const [first, second] = there ? [THERE, BACK] : [BACK, THERE];
      const made = await models.get(first)!.run({ sources: given });
      const again = await models.get(second)!.run({ sources: made });
      [given, made, again].forEach((images, i) => {
        paint(shown[i]!.canvas, images, 1, 4);
      });
      const [lost, colour] = [difference(given, again), Math.round(100 * colourful(made))];
      const kinds = there ? ["lines", "colours"] : ["colours", "lines"];
      shown[0].tell(`The ${kinds[0]} of ${drawing.name}, as drawn.`);
      shown[1].tell(`Its translation to ${kinds[1]}: ${colour} % of its pixels have a colour.`);
      shown[2].tell(`Translated back to ${kinds[0]}; a pixel differs by ${fixed(lost, 2)} on average, of 2.`);
      const alt =
        `The ${kinds[0]} of ${drawing.name}, their translation to ${kinds[1]} (${colour} % of its pixels have a colour), ` +
        `and back again, where a pixel differs from the first by ${fixed(lost, 2)} on average, of 2.`;
      say(alt, { lost, colourful: colour / 100 });
    }

    await draw();
    return [box("gan-controls", which.box, way.box), box("gan-figures", ...shown.map((one) => one.box))];
  },
};
