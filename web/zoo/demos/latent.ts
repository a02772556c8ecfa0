/** Walk through the latent space of digits: two latents, the way between them, a push along one coordinate. */

import { fixed } from "../../plots/look.ts";
import { paint, part, unevenness } from "../images.ts";
import { latent, spherical, stacked, straight } from "../latents.ts";
import { box, choice, slider } from "./controls.ts";
import { columns, type Demo, latest, picture } from "./demo.ts";

const MODEL = "dcgan-digits";
const STOPS = 9;
const LATENTS = 99;

export const latentDemo: Demo = {
  name: "Demo: walk through the latent space of digits",
  still: "Nine generated digits on the way from one latent to another; neighbours look alike.",
  needs: () => ({ models: [MODEL] }),
  async start({ root, models, say, tell }) {
    const model = models.get(MODEL)!;
    const dim = Number(model.said.dim);
    const [row, one] = [picture("nine stops on the way"), picture("here you are")];
    const changed = latest(draw, ({ message }) => tell(`The model could not draw: ${message}`));
    const first = slider("first latent", { value: 12, low: 0, high: LATENTS }, changed);
    const last = slider("last latent", { value: 13, low: 0, high: LATENTS }, changed);
    const way = choice("way", [["arc", "arc"], ["straight line", "straight"]], changed); // biome-ignore format: pairs
    const share = slider("share of the way", { value: 50, low: 0, high: 100, shown: (v) => `${v} %` }, changed);
    const coordinate = slider("push coordinate", { value: 0, low: 0, high: dim - 1 }, changed);
    const push = slider("push by", { value: 0, low: -4, high: 4, step: 0.5, shown: (v) => fixed(v, 1) }, changed);
    one.canvas.classList.add("gan-small");

    async function draw(): Promise<void> {
      const [from, to] = [Number(first.input.value), Number(last.input.value)];
      const [start, end] = [latent(from, dim), latent(to, dim)];
      const path = way.input.value === "arc" ? spherical : straight;
      const here = Number(share.input.value) / 100;
      const shares = [...Array.from({ length: STOPS }, (_, i) => i / (STOPS - 1)), here];
      const by = Number(push.input.value);
      const at = Number(coordinate.input.value);
      const points = shares.map((t) => path(start, end, t));
      for (const point of points) point[at]! += by;
      const images = await model.run({ z: { data: stacked(points), shape: [points.length, dim] } });
      const stops = part(images, 0, STOPS);
      const uneven = unevenness(stops);
      paint(row.canvas, stops, columns(root, STOPS));
      paint(one.canvas, part(images, STOPS, STOPS + 1), 1, 4);
      const along = way.input.value === "arc" ? "the arc" : "the straight line";
      const pushed = by ? `, with ${fixed(by, 1)} added to coordinate ${at}` : "";
      const alt =
        `${STOPS} generated digits from latent ${from} to latent ${to} along ${along}${pushed}. The largest change ` +
        `between neighbours is ${fixed(uneven, 1)} times the mean one.`;
      row.tell(alt);
      one.tell(`The generated digit at ${Math.round(100 * here)} % of the way from latent ${from} to latent ${to}.`);
      say(alt, { from, to, share: here, push: by, unevenness: uneven });
    }

    await draw();
    const controls = box("gan-controls", first.box, last.box, way.box, share.box, coordinate.box, push.box);
    return [controls, box("gan-figures", row.box, one.box)];
  },
};
