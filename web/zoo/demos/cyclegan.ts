/** CycleGAN both ways: an image of one kind, its translation, and what the other generator makes of that. */

import { choice, radios } from "../../controls/controls.ts";
import { box } from "../../controls/element.ts";
import { fixed } from "../../plots/look.ts";
import { coloured, colourful, difference, paint } from "../images.ts";
import { type Demo, latest, picture } from "./demo.ts";

const BACK = "cyclegan-emoji-back";

export const cycleganDemo: Demo = {
  name: "Explorer: CycleGAN, both ways",
  still: "Above eight line drawings of emoji, below them their translations to colours.",
  needs: () => ({ models: ["cyclegan-emoji", BACK], drawings: 32 }),
  async start({ model, runtime, drawings, say, tell }) {
    const back = await runtime!.model(BACK);
    const shown = [picture("given"), picture("translated"), picture("and back again")] as const;
    for (const { canvas } of shown) canvas.classList.add("gan-small");
    const changed = latest(draw, tell);
    const which = choice("drawing", drawings.map((one) => [one.name, one.name] as const), changed); // biome-ignore format: short
    const way = radios("way", [["lines to colours", "there"], ["colours to lines", "back"]], changed); // biome-ignore format: short

    async function draw(): Promise<void> {
      const drawing = drawings.find(({ name }) => name === which.value)!;
      const there = way.value === "there";
      const given = coloured(there ? drawing.lines : drawing.colours!);
      const [first, second] = there ? [model, back] : [back, model];
      const made = await first.run({ sources: given });
      const again = await second.run({ sources: made });
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
    return [box("gan-controls", which.root, way.root), box("gan-figures", ...shown.map((one) => one.box))];
  },
};
