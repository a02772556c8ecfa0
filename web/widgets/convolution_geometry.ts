/** Explorer of chapter 5: which pixels meet which in a convolution and in a transposed convolution. */

import { Grid, panels, picture } from "../plots/chart.ts";
import { escaped, INK, PALE } from "../plots/look.ts";
import { type Draw, number, text } from "./explorer.ts";

interface Layer {
  transposed: boolean;
  size: number;
  kernel: number;
  stride: number;
  padding: number;
  more: number;
}

interface Geometry {
  /** What the kernel slides over: 0 padding, 1 an inserted zero, 2 a pixel of the input. */
  field: number[][];
  /** How many pixels of the input reach each pixel of the output. */
  meets: number[][];
  formula: string;
  title: string;
}

export const draw: Draw = (values, _data, width) => {
  const direction = text(values, "direction");
  const layer = {
    transposed: direction === "transposed convolution",
    size: number(values, "size"),
    kernel: number(values, "kernel"),
    stride: number(values, "stride"),
    padding: number(values, "padding"),
    more: number(values, "output_padding"),
  };
  const reason = impossible(layer);
  if (reason) {
    const alt = `There is no such layer: ${reason}.`;
    const said = `<text x="${width / 2}" y="45" text-anchor="middle">${escaped(alt)}</text>`;
    return { svg: picture(width, 90, alt, [said]), alt, figures: { side: 0, least: 0, most: 0 } };
  }
  const { field, meets, formula, title } = layer.transposed ? transposed(layer) : convolution(layer);
  const side = meets.length;
  const [least, most] = [Math.min(...meets.flat()), Math.max(...meets.flat())];
  const place = number(values, "position") % side ** 2;
  const [row, column] = [Math.floor(place / side), place % side];
  const step = layer.transposed ? 1 : layer.stride;

  const { boxes, height } = panels(2, width, 370);
  const left = new Grid({
    box: boxes[0]!,
    cells: field,
    title,
    fill: (kind) => [PALE, "transparent", "#56B4E9"][kind]!,
  }).frame(row * step, column * step, layer.kernel);
  const right = new Grid({
    box: boxes[1]!,
    cells: meets,
    title: formula,
    fill: (count) => `color-mix(in srgb, #56B4E9 ${Math.round((100 * count) / Math.max(1, most))}%, transparent)`,
    label: String,
  }).frame(row, column, 1);
  const { size, kernel, stride, padding, more } = layer;
  const evenly = evenness(layer, least, most);
  const added = layer.transposed ? `, output padding ${more}` : "";
  const alt =
    `${direction[0]!.toUpperCase()}${direction.slice(1)}, kernel ${kernel}, stride ${stride}, padding ` +
    `${padding}${added}: ${size} × ${size} pixels become ${side} × ${side}. ${evenly}`;
  const said = `<text x="${boxes[1]!.left + boxes[1]!.width / 2}" y="${boxes[1]!.top + 34}" text-anchor="middle" fill="${INK}">how many input pixels meet in each</text>`;
  return { svg: picture(width, height, alt, [left, right, said]), alt, figures: { side, least, most } };
};

function impossible({ transposed, size, kernel, stride, padding, more }: Layer): string {
  if (!transposed)
    return kernel > size + 2 * padding ? `the kernel is larger than the padded input, ${size + 2 * padding}` : "";
  if (more >= stride) return `output padding must be less than the stride, ${stride}`;
  return (size - 1) * stride - 2 * padding + kernel + more < 1 ? "the padding crops all of the output" : "";
}

function transposed({ size, kernel, stride, padding, more }: Layer): Geometry {
  const side = (size - 1) * stride - 2 * padding + kernel + more;
  const row = range(side).map((at) => {
    const painted = at + padding;
    return range(size).filter((i) => painted >= i * stride && painted < i * stride + kernel).length;
  });
  const border = kernel - 1 - padding; // a negative one crops
  const spread = (size - 1) * stride + 1;
  const kind = (at: number) => {
    const inner = at - border;
    return inner < 0 || inner >= spread ? 0 : inner % stride ? 1 : 2;
  };
  const plus = more ? ` + ${more}` : "";
  return {
    field: square(spread + 2 * border + more, (y, x) => Math.min(kind(y), kind(x))),
    meets: square(side, (y, x) => row[y]! * row[x]!),
    formula: `side (${size} − 1) · ${stride} − 2 · ${padding} + ${kernel}${plus} = ${side}`,
    title: "zeros between and around the pixels",
  };
}

function convolution({ size, kernel, stride, padding }: Layer): Geometry {
  const side = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const row = range(side).map((at) => {
    const from = at * stride - padding;
    return Math.max(0, Math.min(size, from + kernel) - Math.max(0, from));
  });
  const inside = (at: number) => at >= padding && at < padding + size;
  return {
    field: square(size + 2 * padding, (y, x) => (inside(y) && inside(x) ? 2 : 0)),
    meets: square(side, (y, x) => row[y]! * row[x]!),
    formula: `side ⌊(${size} + 2 · ${padding} − ${kernel}) / ${stride}⌋ + 1 = ${side}`,
    title: `padded input, kernel moves by ${stride}`,
  };
}

function evenness({ transposed, kernel, stride }: Layer, least: number, most: number): string {
  const met = `Each output pixel is met by ${least} to ${most} pixels of the input.`;
  if (!transposed || stride === 1) return met;
  return kernel % stride
    ? `${met} The stride does not divide the kernel: the counts form a checkerboard.`
    : `${met} The stride divides the kernel: away from the edges the counts are equal.`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function square(side: number, of: (y: number, x: number) => number): number[][] {
  return range(side).map((y) => range(side).map((x) => of(y, x)));
}
