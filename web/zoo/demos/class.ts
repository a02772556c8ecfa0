/** Pick a class and walk: the way between two latents in it, and the same way in another class. */

import { choice, radios, slider } from "../../controls/controls.ts";
import { box } from "../../controls/element.ts";
import { fixed } from "../../plots/look.ts";
import { difference, paint, part } from "../images.ts";
import { LATENTS, priorOf, spherical, stacked } from "../latents.ts";
import { columns, type Demo, latest, picture } from "./demo.ts";

const STOPS = 9;

export const classDemo: Demo = {
  name: "Explorer: pick a class",
  still: "Ten generated digits, one of each class from 0 to 9.",
  needs: () => ({ models: ["conditional-digits"] }),
  async start({ root, options, model, say, tell }) {
    const { latent } = priorOf(model.said);
    const classes = Array.from({ length: Number(model.said.classes) }, (_, i) => [String(i), i] as const);
    const [above, below] = [picture("this class"), picture("the same latents in the other class")];
    const changed = latest(draw, tell);
    const label = radios("class", classes, changed);
    const other = choice("other class", classes, changed);
    const first = slider("first latent", { value: options.start ?? 0, low: 0, high: LATENTS }, changed);
    const last = slider("last latent", { value: options.end ?? 1, low: 0, high: LATENTS }, changed);
    label.value = options.label ?? 3;
    other.value = (label.value + Math.floor(classes.length / 2)) % classes.length;

    async function draw(): Promise<void> {
      const [both, from, to] = [[label.value, other.value], first.value, last.value];
      const way = Array.from({ length: STOPS }, (_, i) => spherical(latent(from), latent(to), i / (STOPS - 1)));
      const labels = BigInt64Array.from({ length: 2 * STOPS }, (_, i) => BigInt(both[Math.floor(i / STOPS)]!));
      const images = await model.run({
        z: stacked([...way, ...way]),
        labels: { data: labels, shape: [2 * STOPS] },
      });
      const [ones, others] = [part(images, 0, STOPS), part(images, STOPS, 2 * STOPS)];
      const wide = columns(root, STOPS);
      paint(above.canvas, ones, wide);
      paint(below.canvas, others, wide);
      const apart = difference(ones, others);
      const which = `on the way from latent ${from} to latent ${to}`;
      above.tell(`${STOPS} generated images of class ${both[0]} ${which}.`);
      below.tell(`${STOPS} generated images of class ${both[1]} at the same latents.`);
      const alt =
        `${STOPS} images of class ${both[0]} ${which}, and below them the images of class ${both[1]} at the same ` +
        `latents. A pixel of the two rows differs by ${fixed(apart, 2)} on average, of 2.`;
      say(alt, { label: both[0]!, other: both[1]!, from, to, difference: apart });
    }

    await draw();
    const controls = box("gan-controls", ...[label, other, first, last].map((one) => one.root));
    return [controls, above.box, below.box];
  },
};
