/** Pick a class: the same latents in it and in another. */

import { fixed } from "../../plots/look.ts";
import { difference, paint, part } from "../images.ts";
import { latent, stacked } from "../latents.ts";
import { box, choice, radios, slider } from "./controls.ts";
import { columns, type Demo, latest, picture } from "./demo.ts";

const MODEL = "conditional-digits";
const COUNT = 8;
const LATENTS = 99;

export const classDemo: Demo = {
  name: "Demo: pick the class of digits",
  still: "Ten generated digits, one of each class from 0 to 9.",
  needs: () => ({ models: [MODEL] }),
  async start({ root, models, say, tell }) {
    const model = models.get(MODEL)!;
    const dim = Number(model.said.dim);
    const classes = Array.from({ length: Number(model.said.classes) }, (_, i) => [String(i), String(i)] as const);
    const [above, below] = [picture("this class"), picture("the same latents in the other class")];
    const changed = latest(draw, ({ message }) => tell(`The model could not draw: ${message}`));
    const label = radios("class", classes, changed);
    const other = choice("other class", classes, changed);
    const seed = slider("first latent", { value: 0, low: 0, high: LATENTS }, changed);
    label.set("3");
    other.input.value = "8";

    async function draw(): Promise<void> {
      const both = [Number(label.value()), Number(other.input.value)];
      const from = Number(seed.input.value);
      const z = stacked(Array.from({ length: 2 * COUNT }, (_, i) => latent(from + (i % COUNT), dim)));
      const labels = BigInt64Array.from({ length: 2 * COUNT }, (_, i) => BigInt(both[Math.floor(i / COUNT)]!));
      const images = await model.run({
        z: { data: z, shape: [2 * COUNT, dim] },
        labels: { data: labels, shape: [2 * COUNT] },
      });
      const [ones, others] = [part(images, 0, COUNT), part(images, COUNT, 2 * COUNT)];
      const wide = columns(root, COUNT);
      paint(above.canvas, ones, wide);
      paint(below.canvas, others, wide);
      const apart = difference(ones, others);
      const which = `latents ${from} to ${from + COUNT - 1}`;
      above.tell(`${COUNT} generated images of class ${both[0]} at ${which}.`);
      below.tell(`${COUNT} generated images of class ${both[1]} at the same ${which}.`);
      const alt =
        `${COUNT} images of class ${both[0]} at ${which}, and below them class ${both[1]} at the same latents. A pixel ` +
        `of the two rows differs by ${fixed(apart, 2)} on average, of 2.`;
      say(alt, { label: both[0]!, other: both[1]!, seed: from, difference: apart });
    }

    await draw();
    return [box("gan-controls", label.box, other.box, seed.box), above.box, below.box];
  },
};
