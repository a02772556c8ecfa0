/** Walk through the latent space: two latents, the way between them, a push along one coordinate. */

import { choice, slider } from "../../controls/controls.ts";
import { box } from "../../controls/element.ts";
import { fixed } from "../../plots/look.ts";
import { paint, part, unevenness } from "../images.ts";
import { LATENTS, priorOf, spherical, stacked, straight } from "../latents.ts";
import { columns, type Demo, latest, picture } from "./demo.ts";

const STOPS = 9;
const WAYS = { arc: spherical, "straight line": straight } as const;

export const latentDemo: Demo = {
  name: "Explorer: walk through the latent space",
  still: "Nine generated digits on the way from one latent to another; neighbours look alike.",
  needs: () => ({ models: ["dcgan-digits"] }),
  async start({ root, options, model, say, tell }) {
    const { dim, latent } = priorOf(model.said);
    const [row, one] = [picture("nine stops on the way"), picture("here you are")];
    const changed = latest(draw, tell);
    const first = slider("first latent", { value: options.start ?? 12, low: 0, high: LATENTS }, changed);
    const last = slider("last latent", { value: options.end ?? 13, low: 0, high: LATENTS }, changed);
    const way = choice("way", (["arc", "straight line"] as const).map((one) => [one, one] as const), changed); // biome-ignore format: short
    const share = slider("share of the way", { value: 50, low: 0, high: 100, shown: (v) => `${v} %` }, changed);
    const coordinate = slider("push coordinate", { value: 0, low: 0, high: dim - 1 }, changed);
    const push = slider("push by", { value: 0, low: -4, high: 4, step: 0.5, shown: (v) => fixed(v, 1) }, changed);
    one.canvas.classList.add("gan-small");

    async function draw(): Promise<void> {
      const [from, to, here, at, by] = [first.value, last.value, share.value / 100, coordinate.value, push.value];
      const shares = [...Array.from({ length: STOPS }, (_, i) => i / (STOPS - 1)), here];
      const points = shares.map((t) => WAYS[way.value](latent(from), latent(to), t));
      for (const point of points) point[at]! += by;
      const images = await model.run({ z: stacked(points) });
      const stops = part(images, 0, STOPS);
      const uneven = unevenness(stops);
      paint(row.canvas, stops, columns(root, STOPS));
      paint(one.canvas, part(images, STOPS, STOPS + 1), 1, 4);
      const pushed = by ? `, with ${fixed(by, 1)} added to coordinate ${at}` : "";
      const alt =
        `${STOPS} generated images from latent ${from} to latent ${to} along the ${way.value}${pushed}. The largest ` +
        `change between neighbours is ${fixed(uneven, 1)} times the mean one.`;
      row.tell(alt);
      one.tell(`The generated image at ${Math.round(100 * here)} % of the way from latent ${from} to latent ${to}.`);
      say(alt, { from, to, share: here, push: by, unevenness: uneven });
    }

    await draw();
    const controls = box("gan-controls", ...[first, last, way, share, coordinate, push].map((one) => one.root));
    return [controls, box("gan-figures", row.box, one.box)];
  },
};
